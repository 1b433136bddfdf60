#!/usr/bin/env bash
# JavaScriptCore takes options from the environment. The one that takes WebAssembly
# out of the scripts is called JSC_useWasm, in any capitals, not JSC_useWebAssembly.
# 0, no and false turn it off, in any capitals as well; "off" and "n" do not. A name or
# a word that it does not know costs a line or two on stderr: the program goes on
# with the default, WebAssembly is there, and the exit code is 0.
set -euo pipefail
want=2.50.6-1~deb12u2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd "$dir" && apt-get download -q libjavascriptcoregtk-4.1-0=$want > apt.log 2>&1) || { cat "$dir/apt.log"; exit 1; }
dpkg-deb -x "$dir"/libjavascriptcoregtk-4.1-0_*.deb "$dir/jsc"
library=$(echo "$dir"/jsc/usr/lib/*/libjavascriptcoregtk-4.1.so.0)
if ldd "$library" | grep 'not found'; then
  echo "needs the libraries above"
  exit 1
fi
cat > "$dir/ask.py" <<'PY'
import ctypes, sys
jsc = ctypes.CDLL(sys.argv[1])
P = ctypes.c_void_p
def function(name, result, *arguments):
    f = getattr(jsc, name)
    f.restype, f.argtypes = result, arguments
    return f
context = function("JSGlobalContextCreate", P, P)(None)
script = function("JSStringCreateWithUTF8CString", P, ctypes.c_char_p)(b"typeof WebAssembly == 'object'")
value = function("JSEvaluateScript", P, P, P, P, P, ctypes.c_int, P)(context, script, None, None, 0, None)
print(function("JSValueToBoolean", ctypes.c_bool, P, P)(context, value))
PY
cat > "$dir/show.py" <<'PY'
import os, subprocess, sys
folder, library, package_version = sys.argv[1:]
print(f"libjavascriptcoregtk-4.1-0 {package_version} | python {sys.version.split()[0]} (ctypes)")
clean = {k: v for k, v in os.environ.items() if not k.startswith("JSC_")}
seen = {}
for setting in ("", "JSC_useWasm=0", "JSC_useWasm=no", "JSC_useWasm=FALSE", "JSC_usewasm=false",
                "JSC_useWasm=off", "JSC_useWasm=n", "JSC_useWebAssembly=0", "JSC_useWebAssembly=false"):
    name, _, value = setting.partition("=")
    run = subprocess.run([sys.executable, f"{folder}/ask.py", library], capture_output=True, text=True,
                         env=clean | ({name: value} if name else {}))
    there = run.stdout.strip() == "True"
    seen[setting] = there, "invalid option" in run.stderr, run.returncode
    print(f"  {setting or 'nothing set':25} WebAssembly {'is there' if there else 'is not there':13}"
          f" exit code {run.returncode}  stderr: {(run.stderr.splitlines() or '-')[0]}")
print("A good guess: all of the eight settings turn it off; and one that is not known is an error that stops.")
ok = list(seen.values()) == [(True, False, 0)] + 4 * [(False, False, 0)] + 4 * [(True, True, 0)]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"${PYTHON:-python3.11}" "$dir/show.py" "$dir" "$library" "$want"
