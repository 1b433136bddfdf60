#!/usr/bin/env bash
# A program embeds JavaScriptCore and asks what a script has handed to it. A Proxy
# of an array is an array for the script (Array.isArray), for the engine when it
# writes JSON, and for the C API when asked whether it is an instance of Array. For
# JSValueIsArray of the C API and jsc_value_is_array of the GLib API it is not one:
# a list whose changes a script merely watches is taken for some other object.
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
cat > "$dir/show.py" <<'PY'
import ctypes, sys

library, package_version = sys.argv[1:]
print(f"libjavascriptcoregtk-4.1-0 {package_version} | python {sys.version.split()[0]} (ctypes)")
jsc = ctypes.CDLL(library)
P = ctypes.c_void_p

def function(name, result, *arguments):
    f = getattr(jsc, name)
    f.restype, f.argtypes = result, arguments
    return f

string = function("JSStringCreateWithUTF8CString", P, ctypes.c_char_p)
string_bytes = function("JSStringGetUTF8CString", ctypes.c_size_t, P, ctypes.c_char_p, ctypes.c_size_t)
evaluate = function("JSEvaluateScript", P, P, P, P, P, ctypes.c_int, P)
to_json = function("JSValueCreateJSONString", P, P, P, ctypes.c_uint, P)
to_boolean = function("JSValueToBoolean", ctypes.c_bool, P, P)
is_instance = function("JSValueIsInstanceOfConstructor", ctypes.c_bool, P, P, P, P)
is_array = function("JSValueIsArray", ctypes.c_bool, P, P)
glib_context = function("jsc_context_new", P)()
glib_evaluate = function("jsc_context_evaluate", P, P, ctypes.c_char_p, ctypes.c_ssize_t)
glib_is_array = function("jsc_value_is_array", ctypes.c_int, P)
context = function("JSGlobalContextCreate", P, P)(None)

def run(script):
    value = evaluate(context, string(script.encode()), None, None, 0, None)
    assert value, script
    return value

def json(value):
    buffer = ctypes.create_string_buffer(100)
    string_bytes(to_json(context, value, 0, None), buffer, 100)
    return buffer.value.decode()

array = run("Array")
rows = {}
for script in "[1, 2]", "new (class List extends Array {})(1, 2)", "new Proxy([1, 2], {})", "({0: 1, 1: 2, length: 2})":
    value = run(script)
    rows[script] = (to_boolean(context, run(f"Array.isArray({script})")), is_instance(context, value, array, None),
                    json(value), is_array(context, value),
                    bool(glib_is_array(glib_evaluate(glib_context, script.encode(), -1))))
    print(f"  {script:39} Array.isArray {rows[script][0]!s:5}  instance of Array {rows[script][1]!s:5}"
          f"  JSON {rows[script][2]:26} JSValueIsArray {rows[script][3]!s:5}  jsc_value_is_array {rows[script][4]}")
print("A good guess: JSValueIsArray is Array.isArray in C, and answers true for the third row.")
yes = (True, True, "[1,2]")
ok = list(rows.values()) == [(*yes, True, True), (*yes, True, True), (*yes, False, False),
                             (False, False, '{"0":1,"1":2,"length":2}', False, False)]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"${PYTHON:-python3.11}" "$dir/show.py" "$library" "$want"
