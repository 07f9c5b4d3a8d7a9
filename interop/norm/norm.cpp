// Sends or receives one file by NORM (RFC 5740), with the library libnorm, for interop/compare.sh.
//
//   norm send GROUP PORT INTERFACE MBIT FILE
//   norm receive GROUP PORT INTERFACE DIR
#include <normApi.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

static int fail(const char* what)
{
	fprintf(stderr, "norm: %s\n", what);
	return 1;
}

static int send(NormInstanceHandle instance, NormSessionHandle session, double mbit, const char* file)
{
	const char* name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	NormSetTxRate(session, mbit * 1e6);
	NormSetTxSocketBuffer(session, 4 << 20);
	NormSetGrttEstimate(session, 0.001);
	NormAddAckingNode(session, 2);
	if (!NormStartSender(session, 1, 64 << 20, 1400, 64, 16)) return fail("cannot send");
	NormSetAutoParity(session, 0); // repair symbols are sent when a receiver asks for them
	NormObjectHandle object = NormFileEnqueue(session, file, name, strlen(name));
	if (object == NORM_OBJECT_INVALID) return fail("cannot read the file");
	NormSetWatermark(session, object);
	NormEvent event;
	while (NormGetNextEvent(instance, &event)) {
		if (event.type != NORM_TX_WATERMARK_COMPLETED) continue;
		if (NormGetAckingStatus(session) == NORM_ACK_SUCCESS) return 0;
		NormResetWatermark(session);
	}
	return fail("the end of the events");
}

static int receive(NormInstanceHandle instance, NormSessionHandle session, const char* dir)
{
	NormSetRxCacheLimit(session, 4096);
	if (!NormSetCacheDirectory(instance, dir)) return fail("cannot use the folder");
	if (!NormStartReceiver(session, 64 << 20)) return fail("cannot receive");
	NormSetRxSocketBuffer(session, 8 << 20);
	NormEvent event;
	while (NormGetNextEvent(instance, &event)) {
		if (event.type == NORM_RX_OBJECT_INFO) {
			char name[256], path[4096];
			UINT16 n = NormObjectGetInfo(event.object, name, sizeof name - 1);
			name[n] = 0;
			snprintf(path, sizeof path, "%s/%s", dir, name);
			NormFileRename(event.object, path);
		} else if (event.type == NORM_RX_OBJECT_COMPLETED) {
			usleep(200000); // for the acknowledgement
			return 0;
		}
	}
	return fail("the end of the events");
}

int main(int argc, char** argv)
{
	bool sends = argc == 7 && !strcmp(argv[1], "send");
	if (!sends && !(argc == 6 && !strcmp(argv[1], "receive"))) return fail("see the comment at the top of norm.cpp");
	NormInstanceHandle instance = NormCreateInstance();
	NormSessionHandle session = NormCreateSession(instance, argv[2], UINT16(atoi(argv[3])), sends ? 1 : 2);
	if (session == NORM_SESSION_INVALID) return fail("no session");
	NormSetMulticastInterface(session, argv[4]);
	std::string dir = std::string(argv[5]) + "/";
	return sends ? send(instance, session, atof(argv[5]), argv[6]) : receive(instance, session, dir.c_str());
}
