"""`infill doctor --self-test`: the real server on this machine against an endpoint that fails in every way we know."""
