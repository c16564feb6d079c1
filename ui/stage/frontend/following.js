// @ts-check
/** What a message does to the playback: where the cursor goes, and whether more is asked for. */

/**
 * @typedef {import("./playback.js").Playback} Playback
 * @typedef {import("./types.js").Act} Act
 * @typedef {Pick<import("./types.js").Message, "cursor" | "turn" | "more" | "waiting">} Orders
 */

const WORK = new Set(["end", "rest"]); // asks that go on slice by slice, and leave the reader where they are once paused

/**
 * Take the orders of a message.
 * @param {Playback} playback
 * @param {Orders} orders
 * @param {Act | null} answered  the ask that the message answers
 * @param {boolean} rebuilt  whether it brought another scene
 */
export function follow(playback, { cursor, turn, more, waiting }, answered, rebuilt) {
  const { asks } = playback;
  const ordered = rebuilt || turn !== playback.turn;
  playback.turn = turn;
  playback.reported = cursor ?? null;
  // paused meanwhile: what came is there, the reader stays
  const halted = answered !== null && WORK.has(answered.act) && !playback.working;
  const going = more && !halted && wanted(playback, more, answered, ordered) ? more : null;
  playback.opening = Boolean(going && waiting);
  if (going) playback.work();
  else if (playback.working && !["end", "rest", "advance"].some((act) => asks.has(act))) playback.pause();
  if (ordered && !halted && playback.reported !== null) obey(playback, playback.reported, going, rebuilt);
  else proceed(playback, answered, going);
  if (answered?.act === "ahead") {
    // one answer without frames may have been meant for the run before
    const empty = playback.cursor === playback.history.last && !rebuilt;
    playback.emptyAnswers = empty ? playback.emptyAnswers + 1 : 0;
  }
  if (playback.playing && playback.emptyAnswers > 1) playback.pause(); // nothing more comes
  if (going) playback.ask(going, false);
  playback.catchUp();
}

/**
 * Whether the next slice is to be asked for: the reader still waits for it, or Python has begun something new.
 * @param {Playback} playback
 * @param {Act} more
 * @param {Act | null} answered
 * @param {boolean} ordered
 */
function wanted({ asks, working, destination }, more, answered, ordered) {
  if (answered?.act !== more.act) return (ordered || working) && !asks.has(more.act);
  return more.act === "advance" ? destination !== null : working;
}

/**
 * Go where Python says.
 * @param {Playback} playback
 * @param {number} cursor
 * @param {Act | null} going
 * @param {boolean} rebuilt
 */
function obey(playback, cursor, going, rebuilt) {
  playback.destination = going?.to ?? null;
  playback.reported = Math.min(cursor, playback.history.last);
  playback.go(playback.reported, { glide: !rebuilt });
}

/**
 * Go on to where the reader wanted to be, as far as there are frames, or stay.
 * @param {Playback} playback
 * @param {Act | null} answered
 * @param {Act | null} going
 */
function proceed(playback, answered, going) {
  const { asks, destination, cursor, history } = playback;
  const { last } = history;
  if (destination !== null && (destination <= last || answered?.act === "advance")) {
    const target = Math.min(destination, last);
    if (target === destination) asks.drop("advance");
    if (!asks.has("advance") && !going) playback.destination = null;
    playback.go(target);
  } else if (cursor > last) {
    playback.go(last);
  } else {
    playback.on.changed();
    playback.rest();
  }
}

/**
 * Another session of the server has the same run: the reader stays where they are, and so does what they asked.
 * @param {Playback} playback
 * @param {number} turn
 */
export function renew(playback, turn) {
  playback.asks.turned(playback.turn, turn);
  playback.turn = turn;
}

/**
 * Ask again what was asked before the page was loaded anew.
 * @param {Playback} playback
 * @param {Act} act
 */
export function repeat(playback, act) {
  if (act.act === "advance") playback.destination = act.to ?? null;
  playback.asks.add({ ...act, turn: playback.turn }, false);
}
