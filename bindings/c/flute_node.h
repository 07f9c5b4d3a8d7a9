/* flute_node.h - FLUTE (RFC 6726) from C: the cores of sender and receiver without sockets, and the whole node.
 *
 * Return values: FLUTE_OK, FLUTE_AGAIN and FLUTE_END are no errors; what is below 0 is one, and flute_last_error()
 * tells it in words, for the calling thread, until its next call that fails.
 *
 * Threads: every function may be called from any thread. Calls with one handle wait for each other. A handle must not
 * be freed while another thread is inside a call with it: that call may then fail with FLUTE_ERR_HANDLE, as any later
 * call does; nothing worse comes of it.
 *
 * Memory: the library keeps no pointer that it is given, except with FLUTE_BORROW. The texts that it hands out are
 * valid until the calling thread calls the same function again; that of flute_last_error(), until its next call that
 * fails. Handles are numbers: one that was freed is not found again.
 *
 * Texts of configuration are YAML or JSON with the keys of the file of configuration (docs/operations.md), such as
 * {"tsi": 7, "fec": "raptorq", "repair": "20%"}. NULL is an empty one. Texts of files are JSON:
 * {"name": "dir/a.txt", "priority": -1}. All texts are UTF-8.
 *
 * Times are nanoseconds since 1970-01-01 UTC; 0 is now. Cores send and receive by the times that they are given; the
 * clock tells the times of events that other calls bring, and what a relative start_at means. Patience is in
 * milliseconds.
 *
 * fork: the library does not work in a child of fork() that was made after it was loaded: every call fails with
 * FLUTE_ERR_FORKED there. exec() after fork() is fine.
 *
 * Signals: the library handles SIGSEGV, SIGBUS, SIGFPE, SIGPIPE and SIGURG of its own threads, and hands on others. All
 * else, such as SIGINT, is the program's. Handlers of the program need SA_ONSTACK.
 */
#ifndef FLUTE_NODE_H
#define FLUTE_NODE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. Functions are added to a version and never changed in it: a program built with version n
 * works with a library of version n or above. */
#define FLUTE_ABI_VERSION 2

enum {
	FLUTE_OK = 0,
	FLUTE_AGAIN = 1,          /* nothing to be had now */
	FLUTE_END = 2,            /* nothing will be had any more */
	FLUTE_ERR_HANDLE = -1,    /* the handle was freed, or is of another kind */
	FLUTE_ERR_VALUE = -2,     /* an argument or a configuration is wrong */
	FLUTE_ERR_STATE = -3,     /* the session does not take that any more */
	FLUTE_ERR_NOT_FOUND = -4, /* no such object */
	FLUTE_ERR_SPACE = -5,     /* the buffer is too small; nothing is lost */
	FLUTE_ERR_IO = -6,        /* the system, a file or the network */
	FLUTE_ERR_TIMEOUT = -7,   /* the patience is over; what was begun goes on */
	FLUTE_ERR_MEMORY = -8,    /* a bound of memory is reached */
	FLUTE_ERR_INTERNAL = -9,  /* a fault of the library */
	FLUTE_ERR_FORKED = -10    /* a child of fork() */
};

uint32_t flute_abi_version(void);
/* The version of the library: "v0.3.0", or "devel". */
const char *flute_version(void);
/* What the latest error of the calling thread says; never NULL. */
const char *flute_last_error(void);
/* Handles that were made and not freed: for tests that look for leaks. */
size_t flute_handles(void);

/* ---- FEC Object Transmission Information (RFC 5052, section 6.2) ------------------------------------------------- */

enum {
	FLUTE_NO_CODE = 0,         /* RFC 5445 */
	FLUTE_RAPTOR = 1,          /* RFC 5053 */
	FLUTE_RS_2M = 2,           /* RFC 5510, GF(2^m) */
	FLUTE_LDPC_STAIRCASE = 3,  /* RFC 5170 */
	FLUTE_LDPC_TRIANGLE = 4,   /* RFC 5170 */
	FLUTE_RS_28 = 5,           /* RFC 5510, GF(2^8) */
	FLUTE_RAPTORQ = 6,         /* RFC 6330 */
	FLUTE_RS_28_UNDER_SPECIFIED = 129
};

enum { FLUTE_FTI_EVERY = 0, FLUTE_FTI_FIRST = 1, FLUTE_FTI_FDT = 2 }; /* packets with EXT_FTI */

/* Made by one of the functions below; fields may be changed before it is used, and are checked then. */
typedef struct flute_oti {
	uint32_t size; /* sizeof(flute_oti) */
	uint32_t max_source_block_length;
	uint32_t repair;               /* repair symbols of a full source block; shorter ones have their share */
	uint32_t max_encoding_symbols; /* max_n; 0: source and repair symbols of a full block */
	uint32_t seed;                 /* LDPC */
	uint16_t symbol_length;        /* E or T, bytes */
	uint16_t fec_instance_id;
	uint16_t sub_blocks; /* N: Raptor, RaptorQ */
	uint8_t fec_encoding_id;
	uint8_t alignment;  /* Al: Raptor, RaptorQ */
	uint8_t field_bits; /* m: FLUTE_RS_2M */
	uint8_t group_size; /* symbols of a packet */
	uint8_t n1;         /* LDPC */
	uint8_t fti;        /* FLUTE_FTI_... */
	char variant[16];   /* Reed-Solomon: "", "rizzo", "rfc5510-8.2.1", "backblaze" */
} flute_oti;

int flute_oti_no_code(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length);
int flute_oti_rs28(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length, uint32_t repair);
int flute_oti_rs28_under_specified(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length,
				   uint32_t repair);
int flute_oti_rs2m(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length, uint32_t repair,
		   uint8_t field_bits);
int flute_oti_raptor(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length, uint32_t repair,
		     uint16_t sub_blocks, uint8_t alignment);
int flute_oti_raptorq(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length, uint32_t repair,
		      uint16_t sub_blocks, uint8_t alignment);
int flute_oti_ldpc_staircase(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length,
			     uint32_t repair, uint8_t n1, uint32_t seed);
int flute_oti_ldpc_triangle(flute_oti *oti, uint16_t symbol_length, uint32_t max_source_block_length, uint32_t repair,
			    uint8_t n1, uint32_t seed);
/* Whether the limits of the scheme allow it. */
int flute_oti_check(const flute_oti *oti);

/* ---- Sender: the core, without sockets --------------------------------------------------------------------------- */

typedef struct flute_sender flute_sender;

/* flags of flute_sender_new: files wait until flute_sender_publish. */
#define FLUTE_MANUAL 1u
/* flags of ..._add: the bytes are not copied. They must stay, unchanged, until ..._ended returns the TOI of the object,
 * or until the handle is freed. */
#define FLUTE_BORROW 2u

/* config: keys of a section `send`, without those of the network and of files. oti, if not NULL, is in place of fec. */
int flute_sender_new(const char *config, const flute_oti *oti, uint32_t flags, flute_sender **sender);
void flute_sender_free(flute_sender *sender);

/* Adds a file of data. Its digests are computed before the call returns, or while it is sent ("digest": "later", and
 * from 16 MiB on). file: JSON with name or content_location, and the keys of a line of a list of files (cenc, digest,
 * content_type, priority, repeat, carousel, start_at, fec ...). */
int flute_sender_add(flute_sender *sender, const void *data, size_t len, const char *file, const flute_oti *oti,
		     uint32_t flags, uint64_t *toi);
/* Adds the file at a path. It is read as it is sent, also if its name is removed or given to another file meanwhile;
 * nobody may write to it. */
int flute_sender_add_file(flute_sender *sender, const char *path, const char *file, const flute_oti *oti,
			  uint64_t *toi);
/* With FLUTE_MANUAL: has the files described and sent that were added since the last call. */
int flute_sender_publish(flute_sender *sender);
/* No file will be added. Then FLUTE_END follows the last packet. */
int flute_sender_complete(flute_sender *sender);
/* Ends an object now, or after its running transfer. was (may be NULL): packets of it were still to come. */
int flute_sender_remove(flute_sender *sender, uint64_t toi, int after_transfer, int *was);
/* Has the next turn of an object begin at a time. */
int flute_sender_trigger(flute_sender *sender, uint64_t toi, int64_t at);
/* Has an object, or with toi 0 the session, wait until it is called with paused 0. */
int flute_sender_pause(flute_sender *sender, uint64_t toi, int paused);

/* The length that a packet has at most. It may grow with the files that are added. */
int flute_sender_max_packet(flute_sender *sender, size_t *len);
/* The next packet. FLUTE_AGAIN: none is to be sent now, see flute_sender_deadline. FLUTE_END: all is sent. */
int flute_sender_read(flute_sender *sender, int64_t now, void *buf, size_t cap, size_t *len);
/* Up to max packets, one behind the other in buf. count is above 0 with FLUTE_OK. */
int flute_sender_read_batch(flute_sender *sender, int64_t now, void *buf, size_t cap, uint32_t *lengths, size_t max,
			    size_t *count);
/* When there may be a packet; 0: never, unless something is added. */
int flute_sender_deadline(flute_sender *sender, int64_t *at);
/* Ends the session, and writes the packet that tells receivers so. */
int flute_sender_close_session(flute_sender *sender, void *buf, size_t cap, size_t *len);
/* Objects that have packets to come. */
int flute_sender_pending(flute_sender *sender, uint64_t *objects);
/* The counters, as JSON. FLUTE_ERR_SPACE: *len is what it takes. */
int flute_sender_stats(flute_sender *sender, char *buf, size_t cap, size_t *len);
/* The next event, as JSON without a zero byte at its end: {"event": "object_completed", ...}. FLUTE_AGAIN: none.
 * FLUTE_ERR_SPACE: *len is what it takes, and the event stays. 4,096 events wait; then the oldest are dropped, and an
 * event `missed` says how many. */
int flute_sender_next_event(flute_sender *sender, char *buf, size_t cap, size_t *len);
/* Drains TOIs of objects added with FLUTE_BORROW whose bytes are no longer read. */
int flute_sender_ended(flute_sender *sender, uint64_t *tois, size_t cap, size_t *count);

/* ---- Receiver: the core, without sockets ------------------------------------------------------------------------- */

typedef struct flute_receiver flute_receiver;

/* Where a datagram came from, and where to. Made by flute_endpoint_parse. */
typedef struct flute_endpoint {
	uint8_t source[16];
	uint8_t group[16];
	uint8_t source_len; /* 0, 4 or 16 */
	uint8_t group_len;
	uint16_t source_port; /* 0: not known */
	uint16_t port;        /* of the group */
} flute_endpoint;

/* source may be NULL: not known. Addresses are numbers: "239.1.1.1", "ff15::1". */
int flute_endpoint_parse(flute_endpoint *endpoint, const char *source, uint16_t source_port, const char *group,
			 uint16_t port);

/* What becomes of a datagram: one of these, or the number of a drop reason, see flute_outcome_name. */
enum { FLUTE_ACCEPTED = 1000, FLUTE_DUPLICATE = 1001, FLUTE_KEPT = 1002 };
/* "accepted", "duplicate", "kept" (it waits for the description of its object), or a reason such as "truncated". */
const char *flute_outcome_name(int32_t outcome);

/* config: keys of a section `receive`, without those of the network and of programs. Without dir, files are kept in
 * memory, until flute_receiver_object_drop: memory bounds that, with what is being received, in bytes; 0: 1 GiB. */
int flute_receiver_new(const char *config, uint64_t memory, flute_receiver **receiver);
void flute_receiver_free(flute_receiver *receiver);
/* Takes a datagram of any bytes. Bytes that are no FLUTE packet are no error: outcome (may be NULL) tells. endpoint may
 * be NULL: that of flute_receiver_set_endpoint. At most 1,024 sessions are open at a time: others
 * are refused ("budget") until some end. Give tsi where strangers may send. */
int flute_receiver_push(flute_receiver *receiver, const flute_endpoint *endpoint, int64_t now, const void *data,
			size_t len, int32_t *outcome);
/* The endpoint of datagrams for which none is given; NULL: nothing is known of it. */
int flute_receiver_set_endpoint(flute_receiver *receiver, const flute_endpoint *endpoint);
/* flute_receiver_push in short, for a datagram that comes now: returns its outcome, or an error. */
int flute_receiver_take(flute_receiver *receiver, const void *data, size_t len);
/* The same for count datagrams that lie one behind the other. outcomes may be NULL. FLUTE_ERR_VALUE: lengths add up to
 * more than len, and none was taken. */
int flute_receiver_push_batch(flute_receiver *receiver, const flute_endpoint *endpoint, int64_t now, const void *data,
			      size_t len, const uint32_t *lengths, size_t count, int32_t *outcomes);
/* Does what time alone brings: ends silent sessions, frees what they hold. A program that goes on pushing
 * does not need it. */
int flute_receiver_cleanup(flute_receiver *receiver, int64_t now);
/* When cleanup is due; 0: never, as things are. */
int flute_receiver_deadline(flute_receiver *receiver, int64_t *at);
/* See flute_sender_stats, flute_sender_next_event. */
int flute_receiver_stats(flute_receiver *receiver, char *buf, size_t cap, size_t *len);
int flute_receiver_next_event(flute_receiver *receiver, char *buf, size_t cap, size_t *len);
/* Copies bytes of a file in memory, from offset on: path is that of its event object_completed. size (may be NULL): the
 * length of the file. */
int flute_receiver_object_read(flute_receiver *receiver, const char *path, uint64_t offset, void *buf, size_t cap,
			       size_t *len, uint64_t *size);
/* Copies a file in memory whole, and drops it, in one step: what takes its place meanwhile is not lost. FLUTE_ERR_SPACE:
 * *size is what it takes, and the file stays. Since ABI version 2. */
int flute_receiver_object_take(flute_receiver *receiver, const char *path, void *buf, size_t cap, uint64_t *size);
int flute_receiver_object_drop(flute_receiver *receiver, const char *path);

/* ---- The header of a packet -------------------------------------------------------------------------------------- */

typedef struct flute_header {
	uint64_t tsi;
	uint64_t toi_high, toi; /* the bits above 64, and those below */
	uint64_t cci_high, cci;
	uint32_t sbn, esi; /* with has_payload_id */
	uint32_t fdt_instance_id;
	uint8_t has_payload_id, has_fdt, codepoint, close_session, close_object;
} flute_header;

/* FLUTE_ERR_VALUE: it is no packet of ALC. */
int flute_header_parse(const void *data, size_t len, flute_header *header);

/* ---- The whole node ---------------------------------------------------------------------------------------------- */

typedef struct flute_node flute_node;
typedef struct flute_reception flute_reception;
typedef struct flute_sending flute_sending;

/* config: memory, rate. */
int flute_node_start(const char *config, flute_node **node);
/* Begins to stop the node, in order, and waits so long: FLUTE_ERR_TIMEOUT says that it goes on; call again. Events can
 * still be read. */
int flute_node_stop(flute_node *node, int64_t patience_ms);
/* Stops the node, if that was not done, for up to 30 s; closes its descriptor. */
void flute_node_free(flute_node *node);
/* A descriptor for poll, select, epoll or asyncio, readable while an event waits or the node has ended. It belongs to
 * the node: do not read it, do not close it. -1 on Windows. */
int flute_node_event_fd(flute_node *node);
/* See flute_sender_next_event. FLUTE_END: the node has stopped, and all was read. */
int flute_node_next_event(flute_node *node, char *buf, size_t cap, size_t *len);
/* What runs in the node, as JSON. FLUTE_ERR_SPACE: *len is what it took then. */
int flute_node_snapshot(flute_node *node, char *buf, size_t cap, size_t *len);
int flute_node_set_rate(flute_node *node, uint64_t bits_per_second);

/* config: keys of a section `receive`, without those of programs; one group. Without dir: see flute_receiver_new. */
int flute_node_receive(flute_node *node, const char *config, uint64_t memory, int64_t patience_ms,
		       flute_reception **reception);
/* Begins to end the reception: what is whole is published. FLUTE_ERR_TIMEOUT: it goes on; call again. */
int flute_reception_close(flute_reception *reception, int64_t patience_ms);
int flute_reception_object_read(flute_reception *reception, const char *path, uint64_t offset, void *buf, size_t cap,
				size_t *len, uint64_t *size);
int flute_reception_object_take(flute_reception *reception, const char *path, void *buf, size_t cap, uint64_t *size);
int flute_reception_object_drop(flute_reception *reception, const char *path);
/* Frees the handle, and ends the reception in the background if that was not done. Files in memory are gone. */
void flute_reception_free(flute_reception *reception);

/* config: keys of a section `send`, without those of files. oti, if not NULL, is in place of fec. */
int flute_node_send(flute_node *node, const char *config, const flute_oti *oti, int64_t patience_ms,
		    flute_sending **sending);
int flute_sending_add(flute_sending *sending, const void *data, size_t len, const char *file, const flute_oti *oti,
		      uint32_t flags, uint64_t *toi);
int flute_sending_add_file(flute_sending *sending, const char *path, const char *file, const flute_oti *oti,
			   uint64_t *toi);
/* No file will be added: the session ends once every file was sent as often as asked. */
int flute_sending_finish(flute_sending *sending);
/* Waits for the end of the session: FLUTE_ERR_TIMEOUT says that it goes on, FLUTE_ERR_IO which files were not sent. */
int flute_sending_wait(flute_sending *sending, int64_t patience_ms);
/* Ends the session now. FLUTE_ERR_TIMEOUT: its end has not come yet; call again. */
int flute_sending_close(flute_sending *sending, int64_t patience_ms);
int flute_sending_remove(flute_sending *sending, uint64_t toi, int after_transfer);
int flute_sending_trigger(flute_sending *sending, uint64_t toi, int64_t at);
int flute_sending_pause(flute_sending *sending, uint64_t toi, int paused);
int flute_sending_set_rate(flute_sending *sending, uint64_t bits_per_second);
int flute_sending_stats(flute_sending *sending, char *buf, size_t cap, size_t *len);
int flute_sending_ended(flute_sending *sending, uint64_t *tois, size_t cap, size_t *count);
/* Frees the handle, and ends the session, for up to 10 s, if that was not done. Borrowed bytes must stay until
 * flute_sending_close has returned FLUTE_OK, or flute_sending_wait has. */
void flute_sending_free(flute_sending *sending);

#ifdef __cplusplus
}
#endif

#endif /* FLUTE_NODE_H */
