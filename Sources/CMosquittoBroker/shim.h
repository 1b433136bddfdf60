// The headers of the broker's plugin interface; the broker that loads the plugin has the functions. And malloc.h, which tells
// of the broker's memory and is in no module of Glibc.
#include <malloc.h>
#include <stdbool.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

// Swift calls no function with variable arguments.
static inline void mosquitto_log_text(int level, const char *text) { mosquitto_log_printf(level, "%s", text); }
