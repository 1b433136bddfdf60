// JavaScriptCore of WebKitGTK: the C interface, which needs no GLib.
#include <JavaScriptCore/JavaScript.h>
