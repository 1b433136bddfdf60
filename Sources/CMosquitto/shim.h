// The headers of the MQTT client library behind this system-library target.
#include <stdbool.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
