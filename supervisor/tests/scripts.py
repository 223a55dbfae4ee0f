"""Training scripts of the tests."""

# Counts steps, saves every `every` steps and at SIGTERM, resumes; a checkpoint is a folder renamed into place.
TRAINER = '''
import json, os, signal, sys, time
steps, every, pace = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
folder = os.environ["RUNCTL_CHECKPOINT_DIR"]
step = 0
resume = os.environ.get("RUNCTL_RESUME_FROM")
if resume:
    step = json.load(open(os.path.join(resume, "state.json")))["step"]
    print("resumed at", step, flush=True)

def save():
    name = os.path.join(folder, "checkpoint-%06d" % step)
    if os.path.exists(name):
        return
    os.mkdir(name + ".tmp")
    json.dump({"step": step}, open(os.path.join(name + ".tmp", "state.json"), "w"))
    os.rename(name + ".tmp", name)

while step < steps and not stop:
    step += 1
    print("step %d/%d loss %.3f" % (step, steps, 1 / step), flush=True)
    if step % every == 0:
        save()
    time.sleep(pace)
save()
print("stopped" if step < steps else "done", flush=True)
'''

IGNORES_SIGTERM = '''
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
'''
