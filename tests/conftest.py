"""How properties are tried: the same examples in every run, and no verdict on how fast the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile("proctor", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("proctor")
