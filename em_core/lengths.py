"""How long runs are that go on by themselves."""

END_HALF_STEPS = 500
