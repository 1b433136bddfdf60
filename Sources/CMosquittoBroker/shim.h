// The headers of the broker's plugin interface; the broker that loads the plugin has the functions.
#include <stdbool.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
