"""What makes training faster or leaner without changing what is learned: one module an idea.

Every idea is a setting under `training.speed`, and is listed in `started`: whether it is in use,
and why not.
"""
