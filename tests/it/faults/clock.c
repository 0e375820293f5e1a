/* A clock that can be set back under a running program, for LD_PRELOAD: the time of day is the
   machine's less the seconds in the file that CLOCK_SET_BACK names. Timers go by another clock. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int answer = (int)syscall(SYS_clock_gettime, clock, time);
    if (answer != 0 || clock != CLOCK_REALTIME)
        return answer;
    int before = errno;
    const char *path = getenv("CLOCK_SET_BACK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        char seconds[16] = "";
        if (read(file, seconds, sizeof seconds - 1) > 0)
            time->tv_sec -= atol(seconds);
        close(file);
    }
    errno = before;
    return 0;
}
