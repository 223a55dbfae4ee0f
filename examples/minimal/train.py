"""Ten lines that know nothing of checkpoints or notices."""

import time

weight = 0.0
for step in range(1, 61):
    weight += 0.1 * (3.0 - weight)
    print(f"step {step}/60 loss {(3.0 - weight) ** 2:.6f}", flush=True)
    time.sleep(0.1)
print(f"weight {weight:.4f}")
