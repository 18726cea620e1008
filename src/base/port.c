/* SPDX-License-Identifier: ISC */
/* port.c - see port.h */
#include "base/port.h"

#include <stddef.h>

bool
port_is_clear(uint16_t port)
{
	return port == 24 || port == 25 || port == 587;
}

bool
port_is_tls(uint16_t port)
{
	static const uint16_t ports[] = { 443, 465, 563, 636, 853, 989, 990,
		992, 993, 994, 995, 5061, 5223, 5671, 6514, 6697, 8443, 8883 };

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (ports[i] == port)
			return true;
	return false;
}
