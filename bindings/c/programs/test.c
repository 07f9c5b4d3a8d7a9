// Tests of the C ABI: every scheme, wrong use, threads on one handle, the whole node, fork.
#include "flute_node.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WANT(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, flute_last_error()); \
			exit(1); \
		} \
	} while (0)

enum { SIZE = 300000 };
static unsigned char content[SIZE], copy[SIZE];

// every scheme of the OTI constructors carries a file over a path that loses each 20th datagram
static void schemes(void)
{
	flute_oti oti[9];
	memset(oti, 0, sizeof oti);
	WANT(flute_oti_no_code(&oti[0], 1400, 64) == FLUTE_OK);
	WANT(flute_oti_rs28(&oti[1], 1400, 40, 20) == FLUTE_OK);
	WANT(flute_oti_rs28_under_specified(&oti[2], 1400, 40, 20) == FLUTE_OK);
	WANT(flute_oti_rs2m(&oti[3], 1400, 40, 20, 16) == FLUTE_OK);
	WANT(flute_oti_raptor(&oti[4], 1400, 100, 50, 1, 4) == FLUTE_OK);
	WANT(flute_oti_raptorq(&oti[5], 1400, 100, 50, 1, 4) == FLUTE_OK);
	WANT(flute_oti_ldpc_staircase(&oti[6], 1400, 100, 80, 7, 1) == FLUTE_OK);
	WANT(flute_oti_ldpc_triangle(&oti[7], 1400, 100, 80, 7, 1) == FLUTE_OK);
	WANT(flute_oti_rs28(&oti[8], 1400, 40, 20) == FLUTE_OK);
	strcpy(oti[8].variant, "rfc5510-8.2.1");
	for (int i = 0; i < 9; i++) {
		flute_sender *s;
		flute_receiver *r;
		WANT(flute_sender_new("{tsi: 3}", &oti[i], 0, &s) == FLUTE_OK);
		WANT(flute_receiver_new(NULL, 0, &r) == FLUTE_OK);
		uint64_t toi;
		WANT(flute_sender_add(s, content, SIZE, "{\"name\": \"x\"}", NULL, 0, &toi) == FLUTE_OK);
		WANT(flute_sender_complete(s) == FLUTE_OK);
		static unsigned char buf[1 << 18];
		uint32_t lengths[64];
		size_t count, n = 0;
		int64_t now = 1800000000000000000;
		int code;
		while ((code = flute_sender_read_batch(s, now, buf, sizeof buf, lengths, 64, &count)) != FLUTE_END) {
			WANT(code >= 0);
			if (code == FLUTE_AGAIN) {
				WANT(flute_sender_deadline(s, &now) == FLUTE_OK);
				continue;
			}
			size_t at = 0;
			for (size_t k = 0; k < count; at += lengths[k++])
				if (i == 0 || ++n % 20 != 0)
					WANT(flute_receiver_push(r, NULL, now, buf + at, lengths[k], NULL) == FLUTE_OK);
		}
		size_t len;
		uint64_t size;
		memset(copy, 0, SIZE);
		WANT(flute_receiver_object_read(r, "x", 0, copy, SIZE, &len, &size) == FLUTE_OK);
		WANT(len == SIZE && size == SIZE && memcmp(copy, content, SIZE) == 0);
		memset(copy, 0, SIZE);
		size = 0;
		WANT(flute_receiver_object_take(r, "x", copy, SIZE - 1, &size) == FLUTE_ERR_SPACE && size == SIZE);
		WANT(flute_receiver_object_take(r, "x", NULL, 0, &size) == FLUTE_ERR_SPACE && size == SIZE);
		WANT(flute_receiver_object_take(r, "x", copy, SIZE, NULL) == FLUTE_ERR_VALUE);
		WANT(flute_receiver_object_take(r, "x", copy, SIZE, &size) == FLUTE_OK && size == SIZE);
		WANT(memcmp(copy, content, SIZE) == 0);
		WANT(flute_receiver_object_take(r, "x", copy, SIZE, &size) == FLUTE_ERR_NOT_FOUND);
		WANT(flute_receiver_object_drop(r, "x") == FLUTE_ERR_NOT_FOUND);
		WANT(flute_receiver_object_read(r, "x", 0, copy, SIZE, &len, &size) == FLUTE_ERR_NOT_FOUND);
		flute_sender_free(s);
		flute_receiver_free(r);
	}
}

static void wrong_use(void)
{
	flute_sender *s = NULL;
	flute_receiver *r = NULL;
	flute_oti oti;
	char buf[2048];
	size_t len;
	int32_t outcome;
	WANT(flute_sender_new("{tsi: 7, speed: 9}", NULL, 0, &s) == FLUTE_ERR_VALUE);
	WANT(strstr(flute_last_error(), "speed"));
	WANT(flute_sender_new("{tsi: 281474976710656}", NULL, 0, &s) == FLUTE_ERR_VALUE);
	WANT(flute_sender_new("{paths: [a]}", NULL, 0, &s) == FLUTE_ERR_VALUE);
	WANT(flute_sender_new("\xff\xfe{", NULL, 0, &s) == FLUTE_ERR_VALUE);
	WANT(flute_sender_new(NULL, NULL, 0, NULL) == FLUTE_ERR_VALUE);
	WANT(flute_oti_rs28(&oti, 1400, 250, 16) == FLUTE_ERR_VALUE);
	WANT(flute_oti_no_code(&oti, 0, 64) == FLUTE_ERR_VALUE);
	memset(&oti, 0, sizeof oti);
	WANT(flute_sender_new(NULL, &oti, 0, &s) == FLUTE_ERR_VALUE);
	WANT(flute_sender_new(NULL, NULL, 0, &s) == FLUTE_OK);
	WANT(flute_receiver_new(NULL, 0, &r) == FLUTE_OK);
	WANT(flute_sender_add(s, NULL, 5, NULL, NULL, 0, NULL) == FLUTE_ERR_VALUE);
	WANT(flute_sender_add(s, "hello", 5, "{}", NULL, 0, NULL) == FLUTE_ERR_VALUE); // no name
	WANT(flute_sender_add(s, "hello", 5, "{\"name\": \"a\", \"x\": 1}", NULL, 0, NULL) == FLUTE_ERR_VALUE);
	WANT(flute_sender_add(s, "", 0, "{\"name\": \"empty\"}", NULL, FLUTE_BORROW, NULL) == FLUTE_OK);
	WANT(flute_sender_add_file(s, "/nonexistent", NULL, NULL, NULL) == FLUTE_ERR_IO);
	WANT(flute_sender_add_file(s, "/", NULL, NULL, NULL) < 0);
	WANT(flute_sender_read(s, 0, buf, 5, &len) == FLUTE_ERR_SPACE);
	WANT(flute_sender_trigger(s, 77, 0) == FLUTE_ERR_NOT_FOUND);
	WANT(flute_sender_publish((flute_sender *)r) == FLUTE_ERR_HANDLE); // of another kind
	WANT(flute_sender_publish(NULL) == FLUTE_ERR_HANDLE);
	for (size_t n = 0; n < 64; n++) { // bytes of any kind are no error
		for (size_t i = 0; i < n; i++)
			buf[i] = (char)rand();
		WANT(flute_receiver_push(r, NULL, 0, buf, n, &outcome) == FLUTE_OK);
		WANT(strlen(flute_outcome_name(outcome)) > 0);
	}
	WANT(flute_receiver_push(r, NULL, 0, NULL, 0, &outcome) == FLUTE_OK);
	WANT(strcmp(flute_outcome_name(outcome), "truncated") == 0);
	WANT(flute_receiver_stats(r, buf, 3, &len) == FLUTE_ERR_SPACE && len > 3);
	WANT(strstr(flute_last_error(), "buffer"));
	WANT(flute_receiver_stats(r, buf, sizeof buf, &len) == FLUTE_OK);
	flute_sender_free(s);
	flute_sender_free(s); // twice is nothing
	flute_sender_free(NULL);
	WANT(flute_sender_publish(s) == FLUTE_ERR_HANDLE);
	flute_receiver_free(r);
	WANT(flute_receiver_push(r, NULL, 0, "a", 1, NULL) == FLUTE_ERR_HANDLE);
	WANT(flute_handles() == 0);
}

static flute_sender *shared_sender;
static flute_receiver *shared_receiver;

static void *carry(void *arg)
{
	(void)arg;
	unsigned char buf[2048];
	size_t len;
	int code;
	while ((code = flute_sender_read(shared_sender, 0, buf, sizeof buf, &len)) == FLUTE_OK)
		WANT(flute_receiver_push(shared_receiver, NULL, 0, buf, len, NULL) == FLUTE_OK);
	WANT(code >= 0);
	return NULL;
}

// eight threads read from one sender and push into one receiver
static void threads(void)
{
	WANT(flute_sender_new("{fec: raptorq}", NULL, 0, &shared_sender) == FLUTE_OK);
	WANT(flute_receiver_new(NULL, 0, &shared_receiver) == FLUTE_OK);
	WANT(flute_sender_add(shared_sender, content, SIZE, "{\"name\": \"x\"}", NULL, FLUTE_BORROW, NULL) == FLUTE_OK);
	pthread_t all[8];
	for (int i = 0; i < 8; i++)
		WANT(pthread_create(&all[i], NULL, carry, NULL) == 0);
	for (int i = 0; i < 8; i++)
		pthread_join(all[i], NULL);
	size_t len;
	WANT(flute_receiver_object_read(shared_receiver, "x", 0, copy, SIZE, &len, NULL) == FLUTE_OK);
	WANT(len == SIZE && memcmp(copy, content, SIZE) == 0);
	uint64_t toi;
	WANT(flute_sender_ended(shared_sender, &toi, 1, &len) == FLUTE_OK && len == 1 && toi == 1);
	flute_sender_free(shared_sender);
	flute_receiver_free(shared_receiver);
}

// a UDP port that nobody has, and that the system gives to nobody who asks for any
static int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	for (int i = 0;; i++) {
		int port = 20000 + (getpid() + i) % 12000, s = socket(AF_INET, SOCK_DGRAM, 0);
		WANT(s >= 0 && i < 12000);
		at.sin_port = htons((uint16_t)port);
		int taken = bind(s, (struct sockaddr *)&at, sizeof at);
		close(s);
		if (!taken)
			return port;
	}
}

// a node that sends to itself over the loopback interface
static void node(void)
{
	flute_node *n;
	flute_reception *r;
	flute_sending *s;
	static char event[65536], config[200];
	size_t len;
	int port = free_port();
	WANT(flute_node_start("{memory: 64MiB}", &n) == FLUTE_OK);
	snprintf(config, sizeof config, "{group: '127.0.0.1:%d'}", port);
	WANT(flute_node_receive(n, config, 0, 5000, &r) == FLUTE_OK);
	WANT(flute_node_receive(n, "{group: localhost:5}", 0, 5000, &r) == FLUTE_ERR_VALUE);
	snprintf(config, sizeof config, "{to: '127.0.0.1:%d', tsi: 9, rate: 50Mbit}", port);
	WANT(flute_node_send(n, config, NULL, 5000, &s) == FLUTE_OK);
	WANT(flute_sending_add(s, content, SIZE, "{\"name\": \"n\"}", NULL, FLUTE_BORROW, NULL) == FLUTE_OK);
	WANT(flute_sending_finish(s) == FLUTE_OK);
	int done = 0;
	while (!done) {
		struct pollfd p = {.fd = flute_node_event_fd(n), .events = POLLIN};
		WANT(poll(&p, 1, 20000) == 1);
		while (!done && flute_node_next_event(n, event, sizeof event - 1, &len) == FLUTE_OK) {
			event[len] = 0;
			WANT(!strstr(event, "object_failed"));
			done = strstr(event, "\"object_completed\"") && !strstr(event, "\"sending\"");
		}
	}
	uint64_t size;
	WANT(flute_reception_object_read(r, "n", 0, copy, SIZE, &len, &size) == FLUTE_OK);
	WANT(len == SIZE && size == SIZE && memcmp(copy, content, SIZE) == 0);
	memset(copy, 0, SIZE);
	WANT(flute_reception_object_take(r, "n", copy, SIZE, &size) == FLUTE_OK);
	WANT(size == SIZE && memcmp(copy, content, SIZE) == 0);
	WANT(flute_node_snapshot(n, event, sizeof event, &len) == FLUTE_OK);
	WANT(flute_sending_wait(s, 20000) == FLUTE_OK);
	flute_sending_free(s);
	WANT(flute_reception_close(r, 10000) == FLUTE_OK);
	WANT(flute_node_stop(n, 20000) == FLUTE_OK);
	while (flute_node_next_event(n, event, sizeof event, &len) == FLUTE_OK)
		;
	WANT(flute_node_next_event(n, event, sizeof event, &len) == FLUTE_END);
	flute_reception_free(r);
	flute_node_free(n);
	WANT(flute_handles() == 0);
}

// a child of fork is told so, and does not hang
static void forks(void)
{
	pid_t child = fork();
	WANT(child >= 0);
	if (child == 0) {
		flute_sender *s;
		alarm(60);
		int code = flute_sender_new(NULL, NULL, 0, &s);
		flute_sender_free((flute_sender *)16);
		_exit(code == FLUTE_ERR_FORKED && strstr(flute_last_error(), "fork") ? 0 : 1);
	}
	int status;
	waitpid(child, &status, 0);
	WANT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	flute_sender *s;
	WANT(flute_sender_new(NULL, NULL, 0, &s) == FLUTE_OK); // the parent goes on
	flute_sender_free(s);
}

int main(void)
{
	WANT(flute_abi_version() == FLUTE_ABI_VERSION);
	WANT(strlen(flute_version()) > 0);
	for (int i = 0; i < SIZE; i++)
		content[i] = (unsigned char)(i * 2654435761u >> 9);
	schemes();
	wrong_use();
	threads();
	node();
	forks();
	puts("all tests of the C ABI passed");
	return 0;
}
