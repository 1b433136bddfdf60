// The headers of the MQTT client library behind this system-library target, and of the library that encrypts for it.
#include <stdbool.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/ssl.h>
