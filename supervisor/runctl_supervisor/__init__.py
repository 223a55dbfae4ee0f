"""The supervisor: starts one trainer on an instance, watches it, saves and publishes its checkpoints.

The contract with the control plane is docs/supervisor-protocol.md. Python 3.9, standard library only, Linux only.
"""
