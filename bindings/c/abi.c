// The functions of flute_node.h: each checks what C can check, and calls its counterpart in Go.
#include "flute_node.h"

#include <stdio.h>
#include <string.h>

#ifndef _WIN32
#include <pthread.h>
#endif

#include "_cgo_export.h"

#define ERROR_SIZE 1024 // as errorSize in convert.go

static _Thread_local char last_error[ERROR_SIZE];
static volatile int forked;

static void in_child(void) { forked = 1; }

// The Go runtime has threads, which fork() does not copy: a call in the child would wait for them for ever.
__attribute__((constructor)) static void watch_forks(void)
{
#ifndef _WIN32
	pthread_atfork(NULL, NULL, in_child);
#else
	(void)in_child;
#endif
}

static int fail(int code, const char *text)
{
	snprintf(last_error, sizeof last_error, "%s", text);
	return code;
}

static int fail_forked(void)
{
	return fail(FLUTE_ERR_FORKED, "this process is a child of fork(): the FLUTE library works in the process that has "
				      "loaded it only; start a new process (exec, or spawn in Python)");
}

#define ALIVE() \
	do { \
		if (forked) \
			return fail_forked(); \
	} while (0)
#define NEED(pointer) \
	do { \
		if (!(pointer)) \
			return fail(FLUTE_ERR_VALUE, #pointer ": NULL"); \
	} while (0)
#define BYTES(pointer, n) \
	do { \
		if (!(pointer) && (n) > 0) \
			return fail(FLUTE_ERR_VALUE, #pointer ": NULL"); \
	} while (0)
#define H(handle) ((uintptr_t)(handle))
#define P(pointer) ((void *)(pointer)) // Go knows no const

uint32_t flute_abi_version(void) { return FLUTE_ABI_VERSION; }
const char *flute_last_error(void) { return last_error; }

const char *flute_version(void)
{
	static _Thread_local char text[64];
	if (!forked)
		goVersion(text, sizeof text);
	return text;
}

size_t flute_handles(void) { return forked ? 0 : goHandles(); }

static int oti(flute_oti *o, uint8_t id, uint16_t symbol_length, uint32_t k, uint32_t repair)
{
	NEED(o);
	memset(o, 0, sizeof *o);
	o->size = sizeof *o;
	o->fec_encoding_id = id;
	o->symbol_length = symbol_length;
	o->max_source_block_length = k;
	o->repair = repair;
	return FLUTE_OK;
}

int flute_oti_check(const flute_oti *o)
{
	ALIVE();
	NEED(o);
	return goOTICheck(P(o), last_error);
}

int flute_oti_no_code(flute_oti *o, uint16_t symbol_length, uint32_t k)
{
	int code = oti(o, FLUTE_NO_CODE, symbol_length, k, 0);
	return code ? code : flute_oti_check(o);
}

int flute_oti_rs28(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair)
{
	int code = oti(o, FLUTE_RS_28, symbol_length, k, repair);
	return code ? code : flute_oti_check(o);
}

int flute_oti_rs28_under_specified(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair)
{
	int code = oti(o, FLUTE_RS_28_UNDER_SPECIFIED, symbol_length, k, repair);
	return code ? code : flute_oti_check(o);
}

int flute_oti_rs2m(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair, uint8_t field_bits)
{
	int code = oti(o, FLUTE_RS_2M, symbol_length, k, repair);
	if (code)
		return code;
	o->field_bits = field_bits;
	o->group_size = 1;
	return flute_oti_check(o);
}

static int fountain(flute_oti *o, uint8_t id, uint16_t symbol_length, uint32_t k, uint32_t repair, uint16_t sub_blocks,
		    uint8_t alignment)
{
	int code = oti(o, id, symbol_length, k, repair);
	if (code)
		return code;
	o->sub_blocks = sub_blocks;
	o->alignment = alignment;
	return flute_oti_check(o);
}

int flute_oti_raptor(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair, uint16_t sub_blocks,
		     uint8_t alignment)
{
	return fountain(o, FLUTE_RAPTOR, symbol_length, k, repair, sub_blocks, alignment);
}

int flute_oti_raptorq(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair, uint16_t sub_blocks,
		      uint8_t alignment)
{
	return fountain(o, FLUTE_RAPTORQ, symbol_length, k, repair, sub_blocks, alignment);
}

static int ldpc(flute_oti *o, uint8_t id, uint16_t symbol_length, uint32_t k, uint32_t repair, uint8_t n1,
		uint32_t seed)
{
	int code = oti(o, id, symbol_length, k, repair);
	if (code)
		return code;
	o->n1 = n1;
	o->seed = seed;
	o->group_size = 1;
	return flute_oti_check(o);
}

int flute_oti_ldpc_staircase(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair, uint8_t n1,
			     uint32_t seed)
{
	return ldpc(o, FLUTE_LDPC_STAIRCASE, symbol_length, k, repair, n1, seed);
}

int flute_oti_ldpc_triangle(flute_oti *o, uint16_t symbol_length, uint32_t k, uint32_t repair, uint8_t n1,
			    uint32_t seed)
{
	return ldpc(o, FLUTE_LDPC_TRIANGLE, symbol_length, k, repair, n1, seed);
}

int flute_sender_new(const char *config, const flute_oti *oti, uint32_t flags, flute_sender **sender)
{
	ALIVE();
	NEED(sender);
	return goSenderNew(P(config), P(oti), flags, P(sender), last_error);
}

void flute_sender_free(flute_sender *sender)
{
	if (!forked)
		goFree(H(sender));
}

int flute_sender_add(flute_sender *sender, const void *data, size_t len, const char *file, const flute_oti *oti,
		     uint32_t flags, uint64_t *toi)
{
	ALIVE();
	BYTES(data, len);
	return goAdd(H(sender), P(data), len, P(file), P(oti), flags, toi, last_error);
}

int flute_sender_add_file(flute_sender *sender, const char *path, const char *file, const flute_oti *oti, uint64_t *toi)
{
	ALIVE();
	NEED(path);
	return goAddFile(H(sender), P(path), P(file), P(oti), toi, last_error);
}

int flute_sender_publish(flute_sender *sender)
{
	ALIVE();
	return goSenderDo(H(sender), 0, last_error);
}

int flute_sender_complete(flute_sender *sender)
{
	ALIVE();
	return goSenderDo(H(sender), 1, last_error);
}

int flute_sender_remove(flute_sender *sender, uint64_t toi, int after_transfer, int *was)
{
	ALIVE();
	return goRemove(H(sender), toi, after_transfer, was, last_error);
}

int flute_sender_trigger(flute_sender *sender, uint64_t toi, int64_t at)
{
	ALIVE();
	return goTrigger(H(sender), toi, at, last_error);
}

int flute_sender_pause(flute_sender *sender, uint64_t toi, int paused)
{
	ALIVE();
	return goPause(H(sender), toi, paused, last_error);
}

int flute_sender_max_packet(flute_sender *sender, size_t *len)
{
	ALIVE();
	NEED(len);
	return goSenderMaxPacket(H(sender), len, last_error);
}

int flute_sender_read(flute_sender *sender, int64_t now, void *buf, size_t cap, size_t *len)
{
	ALIVE();
	BYTES(buf, cap);
	NEED(len);
	return goSenderRead(H(sender), now, buf, cap, len, last_error);
}

int flute_sender_read_batch(flute_sender *sender, int64_t now, void *buf, size_t cap, uint32_t *lengths, size_t max,
			    size_t *count)
{
	ALIVE();
	BYTES(buf, cap);
	BYTES(lengths, max);
	NEED(count);
	return goSenderReadBatch(H(sender), now, buf, cap, lengths, max, count, last_error);
}

int flute_sender_deadline(flute_sender *sender, int64_t *at)
{
	ALIVE();
	NEED(at);
	return goDeadline(H(sender), at, last_error);
}

int flute_sender_close_session(flute_sender *sender, void *buf, size_t cap, size_t *len)
{
	ALIVE();
	BYTES(buf, cap);
	NEED(len);
	return goSenderCloseSession(H(sender), buf, cap, len, last_error);
}

int flute_sender_pending(flute_sender *sender, uint64_t *objects)
{
	ALIVE();
	NEED(objects);
	return goSenderPending(H(sender), objects, last_error);
}

static int stats(uintptr_t handle, char *buf, size_t cap, size_t *len)
{
	ALIVE();
	BYTES(buf, cap);
	NEED(len);
	return goStats(handle, buf, cap, len, last_error);
}

static int next_event(uintptr_t handle, char *buf, size_t cap, size_t *len)
{
	ALIVE();
	BYTES(buf, cap);
	NEED(len);
	return goNextEvent(handle, buf, cap, len, last_error);
}

static int ended(uintptr_t handle, uint64_t *tois, size_t cap, size_t *count)
{
	ALIVE();
	BYTES(tois, cap);
	NEED(count);
	return goEnded(handle, tois, cap, count, last_error);
}

static int object_read(uintptr_t handle, const char *path, uint64_t offset, void *buf, size_t cap, size_t *len,
		       uint64_t *size)
{
	ALIVE();
	NEED(path);
	BYTES(buf, cap);
	NEED(len);
	return goObjectRead(handle, P(path), offset, buf, cap, len, size, last_error);
}

static int object_take(uintptr_t handle, const char *path, void *buf, size_t cap, uint64_t *size)
{
	ALIVE();
	NEED(path);
	BYTES(buf, cap);
	NEED(size);
	return goObjectTake(handle, P(path), buf, cap, size, last_error);
}

static int object_drop(uintptr_t handle, const char *path)
{
	ALIVE();
	NEED(path);
	return goObjectDrop(handle, P(path), last_error);
}

int flute_sender_stats(flute_sender *sender, char *buf, size_t cap, size_t *len)
{
	return stats(H(sender), buf, cap, len);
}

int flute_sender_next_event(flute_sender *sender, char *buf, size_t cap, size_t *len)
{
	return next_event(H(sender), buf, cap, len);
}

int flute_sender_ended(flute_sender *sender, uint64_t *tois, size_t cap, size_t *count)
{
	return ended(H(sender), tois, cap, count);
}

int flute_endpoint_parse(flute_endpoint *endpoint, const char *source, uint16_t source_port, const char *group,
			 uint16_t port)
{
	ALIVE();
	NEED(endpoint);
	NEED(group);
	memset(endpoint, 0, sizeof *endpoint);
	endpoint->source_port = source_port;
	endpoint->port = port;
	return goEndpointParse(endpoint, P(source), P(group), last_error);
}

const char *flute_outcome_name(int32_t outcome)
{
	static _Thread_local char text[64];
	if (!forked)
		goOutcomeName(outcome, text, sizeof text);
	return text;
}

int flute_receiver_new(const char *config, uint64_t memory, flute_receiver **receiver)
{
	ALIVE();
	NEED(receiver);
	return goReceiverNew(P(config), memory, P(receiver), last_error);
}

void flute_receiver_free(flute_receiver *receiver)
{
	if (!forked)
		goFree(H(receiver));
}

int flute_receiver_push(flute_receiver *receiver, const flute_endpoint *endpoint, int64_t now, const void *data,
			size_t len, int32_t *outcome)
{
	ALIVE();
	BYTES(data, len);
	return goReceiverPush(H(receiver), P(endpoint), now, P(data), len, outcome, last_error);
}

int flute_receiver_set_endpoint(flute_receiver *receiver, const flute_endpoint *endpoint)
{
	ALIVE();
	return goReceiverSetEndpoint(H(receiver), P(endpoint), last_error);
}

int flute_receiver_take(flute_receiver *receiver, const void *data, size_t len)
{
	ALIVE();
	BYTES(data, len);
	return goReceiverTake(H(receiver), P(data), len, last_error);
}

int flute_receiver_push_batch(flute_receiver *receiver, const flute_endpoint *endpoint, int64_t now, const void *data,
			      size_t len, const uint32_t *lengths, size_t count, int32_t *outcomes)
{
	ALIVE();
	BYTES(data, len);
	BYTES(lengths, count);
	return goReceiverPushBatch(H(receiver), P(endpoint), now, P(data), len, P(lengths), count, outcomes,
				   last_error);
}

int flute_receiver_cleanup(flute_receiver *receiver, int64_t now)
{
	ALIVE();
	return goReceiverCleanup(H(receiver), now, last_error);
}

int flute_receiver_deadline(flute_receiver *receiver, int64_t *at)
{
	ALIVE();
	NEED(at);
	return goDeadline(H(receiver), at, last_error);
}

int flute_receiver_stats(flute_receiver *receiver, char *buf, size_t cap, size_t *len)
{
	return stats(H(receiver), buf, cap, len);
}

int flute_receiver_next_event(flute_receiver *receiver, char *buf, size_t cap, size_t *len)
{
	return next_event(H(receiver), buf, cap, len);
}

int flute_receiver_object_read(flute_receiver *receiver, const char *path, uint64_t offset, void *buf, size_t cap,
			       size_t *len, uint64_t *size)
{
	return object_read(H(receiver), path, offset, buf, cap, len, size);
}

int flute_receiver_object_take(flute_receiver *receiver, const char *path, void *buf, size_t cap, uint64_t *size)
{
	return object_take(H(receiver), path, buf, cap, size);
}

int flute_receiver_object_drop(flute_receiver *receiver, const char *path) { return object_drop(H(receiver), path); }

int flute_header_parse(const void *data, size_t len, flute_header *header)
{
	ALIVE();
	BYTES(data, len);
	NEED(header);
	memset(header, 0, sizeof *header);
	return goHeaderParse(P(data), len, header, last_error);
}

int flute_node_start(const char *config, flute_node **node)
{
	ALIVE();
	NEED(node);
	return goNodeStart(P(config), P(node), last_error);
}

int flute_node_stop(flute_node *node, int64_t patience_ms)
{
	ALIVE();
	return goNodeStop(H(node), patience_ms, last_error);
}

void flute_node_free(flute_node *node)
{
	if (!forked)
		goFree(H(node));
}

int flute_node_event_fd(flute_node *node) { return forked ? -1 : goNodeEventFD(H(node)); }

int flute_node_next_event(flute_node *node, char *buf, size_t cap, size_t *len)
{
	return next_event(H(node), buf, cap, len);
}

int flute_node_snapshot(flute_node *node, char *buf, size_t cap, size_t *len) { return stats(H(node), buf, cap, len); }

int flute_node_set_rate(flute_node *node, uint64_t bits_per_second)
{
	ALIVE();
	return goSetRate(H(node), bits_per_second, last_error);
}

int flute_node_receive(flute_node *node, const char *config, uint64_t memory, int64_t patience_ms,
		       flute_reception **reception)
{
	ALIVE();
	NEED(reception);
	return goNodeReceive(H(node), P(config), memory, patience_ms, P(reception), last_error);
}

int flute_reception_close(flute_reception *reception, int64_t patience_ms)
{
	ALIVE();
	return goClose(H(reception), patience_ms, last_error);
}

int flute_reception_object_read(flute_reception *reception, const char *path, uint64_t offset, void *buf, size_t cap,
				size_t *len, uint64_t *size)
{
	return object_read(H(reception), path, offset, buf, cap, len, size);
}

int flute_reception_object_take(flute_reception *reception, const char *path, void *buf, size_t cap, uint64_t *size)
{
	return object_take(H(reception), path, buf, cap, size);
}

int flute_reception_object_drop(flute_reception *reception, const char *path)
{
	return object_drop(H(reception), path);
}

void flute_reception_free(flute_reception *reception)
{
	if (!forked)
		goFree(H(reception));
}

int flute_node_send(flute_node *node, const char *config, const flute_oti *oti, int64_t patience_ms,
		    flute_sending **sending)
{
	ALIVE();
	NEED(sending);
	return goNodeSend(H(node), P(config), P(oti), patience_ms, P(sending), last_error);
}

int flute_sending_add(flute_sending *sending, const void *data, size_t len, const char *file, const flute_oti *oti,
		      uint32_t flags, uint64_t *toi)
{
	ALIVE();
	BYTES(data, len);
	return goAdd(H(sending), P(data), len, P(file), P(oti), flags, toi, last_error);
}

int flute_sending_add_file(flute_sending *sending, const char *path, const char *file, const flute_oti *oti,
			   uint64_t *toi)
{
	ALIVE();
	NEED(path);
	return goAddFile(H(sending), P(path), P(file), P(oti), toi, last_error);
}

int flute_sending_finish(flute_sending *sending)
{
	ALIVE();
	return goSendingFinish(H(sending), last_error);
}

int flute_sending_wait(flute_sending *sending, int64_t patience_ms)
{
	ALIVE();
	return goSendingWait(H(sending), patience_ms, last_error);
}

int flute_sending_close(flute_sending *sending, int64_t patience_ms)
{
	ALIVE();
	return goClose(H(sending), patience_ms, last_error);
}

int flute_sending_remove(flute_sending *sending, uint64_t toi, int after_transfer)
{
	ALIVE();
	return goRemove(H(sending), toi, after_transfer, NULL, last_error);
}

int flute_sending_trigger(flute_sending *sending, uint64_t toi, int64_t at)
{
	ALIVE();
	return goTrigger(H(sending), toi, at, last_error);
}

int flute_sending_pause(flute_sending *sending, uint64_t toi, int paused)
{
	ALIVE();
	return goPause(H(sending), toi, paused, last_error);
}

int flute_sending_set_rate(flute_sending *sending, uint64_t bits_per_second)
{
	ALIVE();
	return goSetRate(H(sending), bits_per_second, last_error);
}

int flute_sending_stats(flute_sending *sending, char *buf, size_t cap, size_t *len)
{
	return stats(H(sending), buf, cap, len);
}

int flute_sending_ended(flute_sending *sending, uint64_t *tois, size_t cap, size_t *count)
{
	return ended(H(sending), tois, cap, count);
}

void flute_sending_free(flute_sending *sending)
{
	if (!forked)
		goFree(H(sending));
}
