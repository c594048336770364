/* Answers an error to calls that write, sync or rename below a folder, while a control file says
 * so: FAILING_CONTROL names it, and it holds "ERRNO FOLDER". Everything else goes on to libc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The error for this path; 0 for none. Reads with the system's own calls only. */
static int verdict(const char *path) {
    char said[4096];
    const char *control = getenv("FAILING_CONTROL");
    int handle = control ? open(control, O_RDONLY | O_CLOEXEC) : -1;
    if (handle < 0) return 0;
    ssize_t length = read(handle, said, sizeof said - 1);
    close(handle);
    if (length <= 0) return 0;
    said[length] = 0;
    said[strcspn(said, "\n")] = 0;
    char *folder;
    int number = (int)strtol(said, &folder, 10);
    while (*folder == ' ') folder++;
    return strncmp(path, folder, strlen(folder)) == 0 ? number : 0;
}

static int verdict_on(int handle) {
    char link[64], path[4096];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    int number = 0;
    if (length > 0) {
        path[length] = 0;
        number = verdict(path);
    }
    errno = kept;
    return number;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OR_FAIL(number, call) \
    do { \
        int found = (number); \
        if (found) { errno = found; return -1; } \
        return call; \
    } while (0)

int fsync(int handle) { OR_FAIL(verdict_on(handle), REAL(fsync)(handle)); }
int fdatasync(int handle) { OR_FAIL(verdict_on(handle), REAL(fdatasync)(handle)); }
ssize_t write(int handle, const void *from, size_t size) {
    OR_FAIL(verdict_on(handle), REAL(write)(handle, from, size));
}
ssize_t pwrite(int handle, const void *from, size_t size, off_t at) {
    OR_FAIL(verdict_on(handle), REAL(pwrite)(handle, from, size, at));
}
ssize_t pwrite64(int handle, const void *from, size_t size, off64_t at) {
    OR_FAIL(verdict_on(handle), REAL(pwrite64)(handle, from, size, at));
}
int rename(const char *old, const char *fresh) { OR_FAIL(verdict(fresh), REAL(rename)(old, fresh)); }
