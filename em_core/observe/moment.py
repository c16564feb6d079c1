"""All that can be seen of one half-step: its bound, the bound before, its gradients, and the course of its M-step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from em_core.bound import Slopes, decompose, fit, gap_by_block, mean_field_floor, slopes
from em_core.checks import Checks, checks, factorised
from em_core.e_steps import unit_blocks
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, differing_moves
from em_core.model import check
from em_core.observe import passage
from em_core.observe.ahead import Ahead
from em_core.observe.course import ORIGIN, Course, evidence_over_theta
from em_core.observe.direction import Direction, Line, look
from em_core.observe.ghost import Ghost, numbers
from em_core.observe.landscape import Sight
from em_core.observe.overlap import Overlap
from em_core.observe.plane import is_exact
from em_core.observe.rates import Rates
from em_core.observe.sample import Sample, evidence_of
from em_core.observe.stairs import Stairs, stairs
from em_core.records import BY_HAND, Array, Bound, Fit, HalfStep, Parameters, State, Trajectory
from em_core.trajectory import bound_after


@dataclass(frozen=True, eq=False)
class Moment:
    """A half-step with its bound, the bound before it, and the course of the M-step that it belongs to.

    course: None where there is none, and until `with_course` has looked: it costs more than all the rest. coming: the
    next half-step, where `with_course` found it made. `next_move` is the letter that comes next, None at the end of the
    road; `q_move` the one that made q, None for the start's own. floor: where q was made by mean field, the gap at
    which its sweeps come to rest. temperature: of a tempered q. plain: log p of plain EM from the same start after as
    many half-steps, where the reader compares with it. ghost: the run before, where there was one on the same data,
    or the one kept to compare with.
    rates: how fast EM comes to rest from the same start, or why that cannot be told, where the reader asks; overlap:
    the same of two clusters that lie otherwise. second: EM from another start, where the reader asks and there is an
    exact plane to see it in. swept: whether the q before it was made by mean field. sight: the slice of the plane of L
    that it lies in, where a page has looked. along: the line through θ in the direction in which the reader looks, or
    why there is none.
    """

    experiment: Experiment
    step: HalfStep
    bound: Bound
    before: Bound | None
    next_move: str | None
    ahead: Ahead = field(repr=False)
    q_move: str | None = None
    floor: float | None = None
    plain: float | None = None
    temperature: float | None = None
    ghost: Ghost | None = None
    rates: Rates | str | None = None
    second: Stairs | None = None
    overlap: Overlap | None = None
    course: Course | None = None
    coming: HalfStep | None = None
    swept: bool = False
    sight: Sight | None = None
    along: Line | str | None = None

    @property
    def index(self) -> int:
        return self.step.index

    @cached_property
    def settings(self) -> Mapping[str, Mapping[str, float]]:
        """The settings of moves with which this half-step was made."""
        return self.experiment.moves_for(self.index)

    @cached_property
    def settings_next(self) -> Mapping[str, Mapping[str, float]]:
        """Those with which the next one is made."""
        return self.experiment.moves_for(self.index + 1)

    @cached_property
    def adjusted(self) -> dict[str, dict[str, float]]:
        """The settings of moves that were changed by hand at this half-step, and hold from the next one on."""
        return differing_moves(self.settings_next, self.settings)

    @property
    def following(self) -> HalfStep | None:
        """The next half-step, made or looked at ahead; None where there is none, or a hand makes it."""
        if self.coming is not None or self.next_move in (None, BY_HAND):
            return self.coming
        return self.ahead.half_step(self.step, self.next_move)

    @property
    def placed(self) -> tuple[str, ...]:
        """The names of the parameters that were set by hand in this half-step."""
        before, after = self.step.before.theta, self.step.after.theta
        if self.step.move != BY_HAND:
            return ()
        return tuple(name for name in after if not np.array_equal(before[name], after[name]))

    @property
    def pointed(self) -> bool:
        """Whether q is a point in continuous h: its entropy is −∞, and only the complete-data objective is finite."""
        return self.bound.elbo == -math.inf and math.isfinite(self.bound.expected_log_joint or 0.0)

    @cached_property
    def slopes(self) -> Slopes | None:
        """The gradients of L and of log p; None without a q, or where θ lies on a boundary without coordinates."""
        if self.step.after.q is None:
            return None
        try:
            return slopes(self.experiment.model, self.experiment.data, self.step.after)
        except HalfStepFailed:
            return None

    @cached_property
    def checks(self) -> Checks:
        """Four theorems, held to this half-step."""
        return checks(self.experiment, self.step, self.bound, self.before, self.swept)

    @cached_property
    def fit(self) -> Fit | None:
        """Accuracy and complexity; None without a q, and where h is not drawn before v."""
        return fit(self.experiment.model, self.experiment.data, self.step.after)

    @property
    def slopes_apart(self) -> float | None:
        """How far the two gradients differ at most; None where there are none."""
        found = self.slopes
        return float(np.abs(found.elbo - found.log_evidence).max()) if found and len(found.places) else None

    @cached_property
    def batch_slope(self) -> Array | None:
        """What the minibatch of an S that comes next makes of the gradient of L, at the places of `slopes`.

        Read from where that S leads, which is made anyway. None where it stops, or ends without these coordinates.
        """
        found, model = self.slopes, self.experiment.model
        if self.next_move != "S" or found is None:
            return None
        made = self.coming or self.ahead.half_step(self.step, "S")
        if made.stopped:
            return None
        try:
            there = model.to_vector(made.after.theta)
        except HalfStepFailed:
            return None
        here = model.to_vector(self.step.after.theta)
        if there.shape != here.shape:
            return None
        result: Array = ((there - here) / self.settings_next["S"]["step"])[found.places]
        return result

    @cached_property
    def gaps(self) -> Array | None:
        """The gap of each block of units that P goes through; None without a q."""
        experiment, model = self.experiment, self._model
        if self.step.after.q is None:
            return None
        blocks = unit_blocks(model.n_hidden_units(experiment.data), int(self.settings_next["P"]["blocks"]))
        return gap_by_block(model, experiment.data, self.step.after, blocks)

    @property
    def shares(self) -> Array:
        """(rows,) what each row of the data has of log p, at this θ."""
        result: Array = self._model.evidence_by_unit(self.experiment.data, self.step.after.theta)
        return result

    def shares_of(self, drawn: Sample) -> Array:
        """(drawn,) the same of the units that are drawn: of few, no others are looked at where the model allows it."""
        if drawn.whole:
            return self.shares
        return evidence_of(self._model, self.experiment.data, self.step.after.theta, drawn.rows)

    @property
    def next_block(self) -> int:
        """The number, from 0, of the block that the next P renews."""
        return self.step.after.carry.get("P", 0) % (1 if self.gaps is None else len(self.gaps))

    @property
    def curve(self) -> Array:
        """The bound of this q over a parameter that is one number, at its grid."""
        return self.ahead.curve(self.step.after.q)

    @property
    def gap_curve(self) -> Array:
        """log p above that bound, at the same places: large enough there for a difference to hold its digits."""
        with np.errstate(invalid="ignore"):  # −∞ − (−∞)
            apart: Array = np.maximum(evidence_over_theta(self.experiment) - self.curve, 0.0)
        return apart

    @cached_property
    def touch(self) -> float | None:
        """log p where q is the posterior, and the bound touches it; None where there is no such place."""
        q_at = self.step.after.q_at
        return None if q_at is None else self.experiment.model.log_evidence(self.experiment.data, q_at)

    @cached_property
    def passage(self) -> passage.Passage | None:
        """The bound on the way from the half-step before; None where nothing is known of it: then it is a jump."""
        step, before = self.step, self.before
        if before is None or step.stopped or before.elbo is None:
            return None
        if step.after.theta is step.before.theta:
            return passage.of_q(self.experiment, step, before, self.bound)
        return passage.of_theta(self.course, step, before, self.bound) if self.course else None

    def on_the_way(self) -> Iterator[Moment | None]:
        """The moment with θ at each stop of its course, from 0 on, while q stays; None where there is no such θ."""
        if self.course is None:
            return
        state, profile = self.step.after, self.course.profile
        for theta, known in zip(profile.thetas[ORIGIN:], profile.log_evidence[ORIGIN:], strict=True):
            if theta is None:
                yield None
                continue
            there = state if same(theta, state.theta) else State(theta, state.q, state.q_at)
            height = None if math.isnan(known) else float(known)
            bound = decompose(self.experiment.model, self.experiment.data, there, height)
            yield replace(self, step=replace(self.step, after=there), bound=bound)

    @property
    def _model(self) -> Any:
        return self.experiment.model


def moment(
    experiment: Experiment,
    trajectory: Trajectory,
    index: int,
    next_move: str | None,
    previous: Moment | None,
    ahead: Ahead,
    plain: float | None = None,
    ghost: Ghost | None = None,
) -> Moment:
    """The moment of half-step `index` without its course; `previous`: the one before it."""
    step = trajectory[index]
    # a move of q leaves θ, and with it the log evidence, where it was
    known = previous.bound.log_evidence if previous and previous.step.after.theta is step.after.theta else None
    bound = bound_after(experiment, step, known)
    made = trajectory[_made_q(trajectory, index)]
    q_move, temperature = made.letter, made.info.temperature if made.info and made.move == "T" else None
    floor = mean_field_floor(experiment.model, experiment.data, step.after) if q_move == "V" else None
    before = previous.bound if previous else None
    swept = factorised(trajectory, index)
    return Moment(
        *(experiment, step, bound, before, next_move, ahead, q_move, floor, plain, temperature, ghost), swept=swept
    )


def ghost(moments: Sequence[Moment], first: int) -> Ghost:
    """What a run with these moments looked like from half-step `first` on, with the one before to begin at."""
    shown = moments[max(first - 1, 0) :]
    told = [numbers(moment.bound) for moment in shown]
    return Ghost(first, [moment.index for moment in shown], told, lambda: way(shown))


def way(moments: Sequence[Moment]) -> Stairs | None:
    """The staircase of a run with these moments, where q and θ are one number each."""
    own = moments[0].experiment
    states = [(moment.step.after, moment.bound.log_evidence) for moment in moments]
    return stairs(own, states) if is_exact(own) else None


def evidence(experiment: Experiment, step: HalfStep, known: float | None) -> float:
    """log p after `step`. known: after the one before, where it is the same unless θ moved."""
    if known is not None and step.after.theta is step.before.theta:
        return known
    result: float = experiment.model.log_evidence(experiment.data, step.after.theta)
    return result


def with_course(now: Moment, trajectory: Trajectory) -> Moment:
    """The same moment with its course."""
    now = replace(now, coming=trajectory[now.index + 1] if now.index + 1 < len(trajectory) else None)
    number = _made_q(trajectory, now.index)
    state, made = now.step.after, trajectory[number].after
    # the q of the start, and of what was set by hand, was made at its `q_at`; one given as a number has no such θ
    origin = made.q_at if trajectory[number].letter is None and made.q_at is not None else made.theta
    if state.q is None or origin is None:
        return now
    moved = state.theta is not origin
    target = state.theta if moved else _destination(now)
    if target is None:
        return now
    last = now.step.before.theta if moved and now.step.before.q is state.q else origin
    profile, gaps, bend = now.ahead.line(state.q, origin, _between(origin, last, target), target)
    at = 1.0 if moved else 0.0
    return replace(now, course=Course(origin, target, profile, at, state.q_at is origin, gaps, last, bend))


def with_line(now: Moment, trajectory: Trajectory, direction: Direction | None) -> Moment:
    """The same moment with the line along this direction, and on it the bounds of earlier q of the trajectory."""
    if direction is None:
        return now
    experiment, state = now.experiment, now.step.after
    return replace(now, along=look(experiment.model, experiment.data, state, trajectory, now.index, direction))


def _between(origin: Parameters, last: Parameters, target: Parameters) -> Parameters | None:
    """Where the way bends: where the last move of θ began, unless that is one of its ends."""
    return None if last is origin or same(last, origin) or same(last, target) else last


def held(now: Moment, trajectory: Trajectory, theta: Parameters, aside: Ahead, q: Any = None) -> Moment:
    """What a half-step by hand after `now` would be; q stays where none is given. Nothing of it is on the trajectory.

    Its course leads from the θ at which q was made, over the present one, to this one. aside: looks along it, beside
    what the run looks at.
    Raises `HalfStepFailed` where a term of the bound does not exist.
    """
    experiment = now.experiment
    check(experiment.model, experiment.data, theta)
    state = replace(now.step.after, theta=theta)
    state = state if q is None else replace(state, q=q, q_at=None)
    with np.errstate(all="ignore"):
        bound = decompose(experiment.model, experiment.data, state)
    if not math.isfinite(bound.log_evidence or 0.0):
        raise HalfStepFailed("impossible_data", "the data have probability 0")
    if any(term is not None and math.isnan(term) for term in (bound.expected_log_joint, bound.entropy, bound.kl)):
        raise HalfStepFailed("diverged", "a term of the bound is no number")
    step = HalfStep(now.index + 1, BY_HAND, now.step.after, state)
    there = Moment(experiment, step, bound, now.bound, None, aside, now.q_move, ghost=now.ghost)
    there = replace(there, rates=now.rates, overlap=now.overlap, second=now.second)
    return with_course(there, Trajectory((*trajectory.upto(now.index).half_steps, step)))


def _destination(now: Moment) -> Parameters | None:
    """Where the next M-type move, or a hand, leads from the θ at which q was made; None where neither comes or can."""
    if now.next_move is None or (now.next_move == BY_HAND and now.coming is None):
        return None
    if now.next_move != BY_HAND and MOVES[now.next_move].kind == "E":
        return None
    step = now.coming or now.ahead.half_step(now.step, now.next_move)
    return None if step.stopped else step.after.theta


def _made_q(trajectory: Trajectory, index: int) -> int:
    """The number of the half-step that made the q of half-step `index`; 0 for the start's own."""
    return next((i for i in range(index, 0, -1) if trajectory[i].after.q is not trajectory[i].before.q), 0)


def same(one: Parameters, other: Parameters) -> bool:
    """Whether two parameters are equal to the last bit."""
    return all(np.array_equal(one[name], other[name]) for name in one)
