"""The statistics of preliminary results. Pure: numbers in, estimates out, each with its n, interval and method."""
