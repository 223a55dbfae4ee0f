#!/usr/bin/env bash
# A container engine for tests, in a folder of its own; needs root and Docker's dockerd.
#
#   container-engine.sh start FOLDER         prints its address once it answers; exits 1 with the reason if it cannot
#   container-engine.sh start-apart FOLDER   the same in a network namespace of its own, with a bridge network and the
#                                            address of the metadata service
#   container-engine.sh stop FOLDER          ends it and removes all that is left, the folder too
#   container-engine.sh image NAME           makes a small image: this machine's python3 and sh (needs DOCKER_HOST)
set -euo pipefail

fail() {
  echo "container-engine: $*" >&2
  exit 1
}

# dockerd FOLDER OPTIONS…: started in the background, in a session of its own.
launch() {
  local folder=$1
  shift
  setsid "$@" dockerd --iptables=false --ip6tables=false --data-root "$folder/data" --exec-root "$folder/exec" \
    --host "unix://$folder/docker.sock" --pidfile "$folder/docker.pid" "${network[@]}" \
    >"$folder/dockerd.log" 2>&1 </dev/null &
  local launched=$!
  for _ in $(seq 300); do
    if answers "$folder"; then
      echo "unix://$folder/docker.sock"
      return
    fi
    is_alive "$launched" || break
    sleep 0.1
  done
  tail -n 5 "$folder/dockerd.log" >&2
  stop "$folder"
  fail 'dockerd does not start on this machine.'
}

# A zombie has ended: whether it is collected is its parent's business.
is_alive() {
  local stat
  stat=$(cut -d ')' -f 2 "/proc/$1/stat" 2>/dev/null) && [ "${stat:1:1}" != Z ]
}

answers() {
  [ -S "$1/docker.sock" ] && DOCKER_HOST="unix://$1/docker.sock" docker version >/dev/null 2>&1
}

start() {
  [ "$(id -u)" = 0 ] || fail 'dockerd needs root.'
  for program in dockerd docker docker-init; do
    command -v "$program" >/dev/null || fail "there is no $program; Debian has it in docker.io and tini."
  done
  mkdir -p "$1"
}

stop() {
  local folder=$1 pid
  pid=$(cat "$folder/docker.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
    for _ in $(seq 300); do
      is_alive "$pid" || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  # A dockerd that was killed leaves the mounts of its containers, and its containerd.
  pid=$(cat "$folder/exec/containerd/containerd.pid" 2>/dev/null || true)
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mount; do umount -l "$mount" || true; done
  rm -rf "$folder"
}

# Everything that python3 and sh load, at its own path.
image() {
  local name=$1 root python library
  root=$(mktemp -d)
  # By its own path: a python3 on PATH may be a wrapper.
  python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
  library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  {
    for program in "$python" /bin/sh /bin/sleep "$library"/lib-dynload/*.so; do
      echo "$program"
      ldd "$program" 2>/dev/null | grep -o '/[^ ]*' || true
    done
  } | sort -u | tar --create --dereference --absolute-names --files-from - --file - |
    tar --extract --absolute-names --transform "s,^/,$root/," --file -
  tar --create --directory "$library" --exclude '__pycache__' --exclude '*.a' --exclude './test' \
    --exclude './site-packages' --exclude './dist-packages' --exclude './idlelib' --exclude './lib-dynload' \
    --exclude './tkinter' --exclude './ensurepip' --exclude './lib2to3' --exclude './config-*' --file - . |
    tar --extract --directory "$root$library" --file -
  mkdir -p "$root/usr/bin" "$root/tmp" "$root/etc"
  [ -e "$root/usr/bin/python3" ] || ln -s "$python" "$root/usr/bin/python3"
  tar --create --directory "$root" --file - . | docker import - "$name" >/dev/null
  rm -rf "$root"
}

network=(--bridge=none)
case ${1:-} in
  start)
    start "$2"
    launch "$2"
    ;;
  start-apart)
    start "$2"
    network=()
    launch "$2" unshare --net bash -c '
      ip link set lo up && ip address add 169.254.169.254/32 dev lo && exec "$@"' apart
    ;;
  stop) stop "$2" ;;
  image) image "$2" ;;
  *) fail 'expected start, start-apart, stop or image.' ;;
esac
