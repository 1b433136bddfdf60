// The headers of the broker's plugin interface; the broker that loads the plugin has the functions.
#include <stdbool.h>
#include <string.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

// A function with variable arguments cannot be called from Swift.
static inline void varve_broker_log(int level, const char *text) { mosquitto_log_printf(level, "%s", text); }
