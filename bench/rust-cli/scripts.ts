/**
 * A training script as users of the Rust CLI wrote it: it saves to ./checkpoints, goes on from the newest file there, and
 * writes the marker when it is done. Both tools run it unchanged.
 */
export const trainer = `
import glob, json, os, signal, sys, time
steps = int(sys.argv[1])
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
os.makedirs("checkpoints", exist_ok=True)
found = sorted(glob.glob("checkpoints/*.pt"), key=os.path.getmtime)
step = json.load(open(found[-1]))["step"] if found else 0
print("loaded", step, flush=True)

def save():
    path = "checkpoints/step_%d.pt" % step
    json.dump({"step": step}, open(path + ".tmp", "w"))
    os.rename(path + ".tmp", path)

while step < steps and not told:
    step += 1
    print("step %d/%d" % (step, steps), flush=True)
    if step % 5 == 0:
        save()
    time.sleep(1)
save()
print("saved %d" % step, flush=True)
if not told:
    open("training_complete.txt", "w").write("done")
`;

/** The same, four times as long: whatever is done to it comes before its end. */
export const longTrainer = trainer.replace('int(sys.argv[1])', '4 * int(sys.argv[1])');

/** Says that it is done, and fails. */
export const failsAfterMarker = `
import sys
open("training_complete.txt", "w").write("done")
print("evaluation failed", flush=True)
sys.exit(3)
`;

/** Fails without a word that means anything. */
export const failsAtOnce = `
import sys
print("out of luck", flush=True)
sys.exit(3)
`;

/** Fails with a line in which a careless pattern sees a success. */
export const saysIncomplete = `
import sys
print("Dataset INCOMPLETE: 3 of 9 files", flush=True)
sys.exit(1)
`;
