// Sends a file in memory to a receiver in memory, loses every tenth datagram on the way, and has RaptorQ repair it.
//
//	bindings/c/build.sh out
//	cc -Iout bindings/c/programs/example.c -Lout -lflute_node -Wl,-rpath,$PWD/out -o example && ./example
#include "flute_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int code, const char *what)
{
	if (code < 0) {
		fprintf(stderr, "%s: %s\n", what, flute_last_error());
		exit(1);
	}
}

int main(void)
{
	enum { SIZE = 1000000 };
	unsigned char *content = malloc(SIZE), *copy = malloc(SIZE);
	for (int i = 0; i < SIZE; i++)
		content[i] = (unsigned char)(i * 2654435761u >> 7);

	flute_oti oti;
	check(flute_oti_raptorq(&oti, 1400, 256, 52, 1, 4), "oti");
	flute_sender *sender;
	check(flute_sender_new("{\"tsi\": 7}", &oti, 0, &sender), "sender");
	uint64_t toi;
	check(flute_sender_add(sender, content, SIZE, "{\"name\": \"dir/a.bin\"}", NULL, FLUTE_BORROW, &toi), "add");
	check(flute_sender_complete(sender), "complete");

	flute_receiver *receiver;
	flute_endpoint endpoint;
	check(flute_receiver_new(NULL, 64 << 20, &receiver), "receiver");
	check(flute_endpoint_parse(&endpoint, "192.0.2.1", 40000, "239.1.1.1", 3400), "endpoint");

	unsigned char packet[65536];
	size_t len, sent = 0, lost = 0;
	int64_t now = 1800000000000000000; // the cores read no clock
	for (int code; (code = flute_sender_read(sender, now, packet, sizeof packet, &len)) != FLUTE_END;) {
		check(code, "read");
		if (code == FLUTE_AGAIN) { // a program waits until then
			check(flute_sender_deadline(sender, &now), "deadline");
			continue;
		}
		if (++sent % 10 == 0) {
			lost++;
			continue;
		}
		check(flute_receiver_push(receiver, &endpoint, now, packet, len, NULL), "push");
	}
	printf("%zu datagrams, %zu of them lost\n", sent, lost);

	char event[65536];
	while (flute_receiver_next_event(receiver, event, sizeof event, &len) == FLUTE_OK)
		if (strstr(event, "\"object_completed\""))
			printf("%.*s\n", (int)len, event);
	uint64_t size;
	check(flute_receiver_object_read(receiver, "dir/a.bin", 0, copy, SIZE, &len, &size), "object");
	int same = len == SIZE && size == SIZE && memcmp(content, copy, SIZE) == 0;
	printf("%s\n", same ? "the bytes are the same" : "the bytes DIFFER");

	flute_receiver_free(receiver);
	flute_sender_free(sender);
	free(content);
	free(copy);
	return same ? 0 : 1;
}
