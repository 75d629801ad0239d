/* A slower disk for one process: every fsync and fdatasync first sleeps SLOW_FSYNC_MICROSECONDS, then does its work.
   Loaded with LD_PRELOAD; see slow_disk.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_function)(int);

static sync_function real_fsync;
static sync_function real_fdatasync;
static struct timespec delay;

__attribute__((constructor)) static void prepare(void) {
    const char *given = getenv("SLOW_FSYNC_MICROSECONDS");
    long microseconds = given ? strtol(given, NULL, 10) : 0;
    delay.tv_sec = microseconds / 1000000;
    delay.tv_nsec = (microseconds % 1000000) * 1000;
    real_fsync = (sync_function)dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (sync_function)dlsym(RTLD_NEXT, "fdatasync");
}

int fsync(int descriptor) {
    nanosleep(&delay, NULL);
    return real_fsync(descriptor);
}

int fdatasync(int descriptor) {
    nanosleep(&delay, NULL);
    return real_fdatasync(descriptor);
}
