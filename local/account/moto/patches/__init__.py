"""Corrections that must be made inside moto. ../corrections.ts lists and explains them by name."""

from patches import auto_scaling, cloudwatch, ec2, load_balancing  # noqa: F401
from patches.registry import apply  # noqa: F401
