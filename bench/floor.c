/* The floor: one thread that makes the same directories and links as `mlenv create`, and nothing else.
 *
 * usage: floor LIST ROOT
 * LIST holds NUL-terminated strings: "d" PATH for a directory, "l" PATH and then TARGET for a link, in the
 * order in which they can be made. Directories are opened once and links made relative to them, which is the
 * fastest single-threaded way (an absolute path costs up to a quarter more). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "floor: %s ", what);
    perror(path);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int list = open(argv[1], O_RDONLY);
    struct stat st;
    if (list < 0 || fstat(list, &st))
        fail("open", argv[1]);
    char *text = malloc(st.st_size + 1);
    if (!text || read(list, text, st.st_size) != st.st_size)
        fail("read", argv[1]);
    if (mkdir(argv[2], 0777))
        fail("mkdir", argv[2]);
    int root = open(argv[2], O_RDONLY | O_DIRECTORY), dir = -1;
    char current[4096] = "?";
    for (char *at = text; at < text + st.st_size; at += strlen(at) + 1) {
        char *path = at + 1;
        if (*at == 'd') {
            if (mkdirat(root, path, 0777))
                fail("mkdir", path);
            continue;
        }
        char *target = at + strlen(at) + 1, *slash = strrchr(path, '/');
        size_t length = slash ? (size_t)(slash - path) : 0;
        if (strlen(current) != length || memcmp(current, path, length)) {
            memcpy(current, path, length);
            current[length] = 0;
            if (dir >= 0)
                close(dir);
            dir = openat(root, length ? current : ".", O_RDONLY | O_DIRECTORY);
        }
        if (symlinkat(target, dir, slash ? slash + 1 : path))
            fail("link", path);
        at = target;
    }
    return 0;
}
