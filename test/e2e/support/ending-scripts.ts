/** Training scripts of the table of endings, in Python; each line of a row follows this. */
const prelude = `
import os, signal, sys, time
root = os.environ["RUNCTL_ROOT"]
attempt = int(os.environ["RUNCTL_ATTEMPT"])

def say(*words):
    print(*words, flush=True)

def mark(text="done"):
    with open("training_complete.txt", "a") as file:
        file.write(text)

def forever():
    while True:
        time.sleep(1)

def at_sigterm(act):
    signal.signal(signal.SIGTERM, lambda *_: act())

def fail(words, code=1):
    say(words)
    sys.exit(code)

def seen(step):
    """Reports a step and returns once the supervisor has read all that was said before."""
    say("step %d/9" % step)
    while '"step": %d' % step not in open(os.path.join(root, "training", "report.json")).read():
        time.sleep(0.05)

def told(name):
    """Returns once the test has made this file."""
    while not os.path.exists(os.path.join(root, name)):
        time.sleep(0.05)
`;

export const scriptOf = (...lines: readonly string[]): string =>
  `${prelude}\n${lines.join('\n')}\n`;
