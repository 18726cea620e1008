/* SPDX-License-Identifier: ISC */
/* port.h - what a port's number says about how a server there begins. */
#ifndef BASE_PORT_H
#define BASE_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Do mail servers speak first there, and in clear? */
bool port_is_clear(uint16_t port);

/* Does TLS begin there with the first byte? */
bool port_is_tls(uint16_t port);

#endif
