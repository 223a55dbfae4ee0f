/**
 * Runs on the instance, as `python3 -c`: installs the supervisor if asked to, then becomes it. Its argument is base64 of
 * `{"verb", "request", "nonce", "delivery": {"url", "sha256"} or null}`. Standard library of Python 3.9 only.
 */
export const bootstrapPython = `
import base64, hashlib, json, os, sys, tempfile, urllib.request

call = json.loads(base64.b64decode(sys.argv[1]))
folder = os.path.join(os.environ.get("RUNCTL_ROOT") or "/var/lib/runctl", "bin")
link = os.path.join(folder, "supervisor.pyz")


def refuse(code, message):
    error = {"code": code, "message": message[:400]}
    print(json.dumps({"nonce": call["nonce"], "ok": False, "error": error}), flush=True)
    sys.exit(0)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def replace_atomically(make, path):
    # The temporary name is new, so that two commands at the same moment do not meet in it.
    temporary = tempfile.mktemp(prefix=".new-", dir=folder)
    make(temporary)
    os.replace(temporary, path)


def download(url, expected, path):
    with urllib.request.urlopen(url, timeout=30) as reply:
        content = reply.read()
    if hashlib.sha256(content).hexdigest() != expected:
        raise ValueError("the download does not have the expected sha256")

    def write(temporary):
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    replace_atomically(write, path)


delivery = call["delivery"]
if delivery:
    name = "supervisor-" + delivery["sha256"][:16] + ".pyz"
    path = os.path.join(folder, name)
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        if not os.path.exists(path) or digest(path) != delivery["sha256"]:
            download(delivery["url"], delivery["sha256"], path)
        replace_atomically(lambda temporary: os.symlink(name, temporary), link)
    except Exception as error:
        refuse("delivery-failed", type(error).__name__ + ": " + str(error))
if not os.path.exists(link):
    refuse("no-supervisor", "no supervisor was ever delivered to this instance")
arguments = [sys.executable, link, call["verb"], "--nonce", call["nonce"]]
if call["request"] is not None:
    request = base64.b64encode(json.dumps(call["request"]).encode()).decode()
    arguments += ["--request", request]
sys.stdout.flush()
os.execv(sys.executable, arguments)
`;
