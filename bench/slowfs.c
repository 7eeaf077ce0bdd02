/* A file system that answers late: passes every operation through to a directory after a delay, several at a
 * time, as a network file system with that latency does.
 *
 * usage: SLOWFS_ROOT=DIR SLOWFS_US=1000 slowfs MOUNTPOINT -f
 * build: cc -O2 slowfs.c -o slowfs $(pkg-config --cflags --libs fuse3) */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root;
static useconds_t delay;

/* Waits, then gives the path behind. */
#define LATE(real, path)            \
    char real[PATH_MAX];            \
    usleep(delay);                  \
    snprintf(real, PATH_MAX, "%s%s", root, path)
#define RESULT(call) return (call) < 0 ? -errno : 0

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    LATE(real, path);
    (void)fi;
    RESULT(lstat(real, st));
}

static int do_readlink(const char *path, char *buffer, size_t size)
{
    LATE(real, path);
    ssize_t length = readlink(real, buffer, size - 1);
    if (length < 0)
        return -errno;
    buffer[length] = 0;
    return 0;
}

static int do_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *fi,
                      enum fuse_readdir_flags flags)
{
    LATE(real, path);
    (void)offset, (void)fi, (void)flags;
    DIR *dir = opendir(real);
    if (!dir)
        return -errno;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
        fill(buffer, entry->d_name, &st, 0, 0);
    }
    closedir(dir);
    return 0;
}

static int do_mkdir(const char *path, mode_t mode)
{
    LATE(real, path);
    RESULT(mkdir(real, mode));
}

static int do_symlink(const char *target, const char *path)
{
    LATE(real, path);
    RESULT(symlink(target, real));
}

static int do_unlink(const char *path)
{
    LATE(real, path);
    RESULT(unlink(real));
}

static int do_rmdir(const char *path)
{
    LATE(real, path);
    RESULT(rmdir(real));
}

static int do_rename(const char *from, const char *to, unsigned int flags)
{
    LATE(real, from);
    char real_to[PATH_MAX];
    snprintf(real_to, PATH_MAX, "%s%s", root, to);
    RESULT(renameat2(AT_FDCWD, real, AT_FDCWD, real_to, flags));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    LATE(real, path);
    (void)fi;
    RESULT(chmod(real, mode));
}

static int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
    LATE(real, path);
    (void)fi;
    RESULT(lchown(real, uid, gid));
}

static int do_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
    LATE(real, path);
    (void)fi;
    RESULT(utimensat(AT_FDCWD, real, times, AT_SYMLINK_NOFOLLOW));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
    LATE(real, path);
    (void)fi;
    RESULT(truncate(real, size));
}

static int do_open(const char *path, struct fuse_file_info *fi)
{
    LATE(real, path);
    int file = open(real, fi->flags);
    fi->fh = (uint64_t)file;
    return file < 0 ? -errno : 0;
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    LATE(real, path);
    int file = open(real, fi->flags | O_CREAT, mode);
    fi->fh = (uint64_t)file;
    return file < 0 ? -errno : 0;
}

static int do_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)path;
    usleep(delay);
    ssize_t count = pread((int)fi->fh, buffer, size, offset);
    return count < 0 ? -errno : (int)count;
}

static int do_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)path;
    usleep(delay);
    ssize_t count = pwrite((int)fi->fh, buffer, size, offset);
    return count < 0 ? -errno : (int)count;
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    return close((int)fi->fh) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
    static const struct fuse_operations operations = {
        .getattr = do_getattr, .readlink = do_readlink, .readdir = do_readdir, .mkdir = do_mkdir,
        .symlink = do_symlink, .unlink = do_unlink, .rmdir = do_rmdir, .rename = do_rename, .chmod = do_chmod,
        .chown = do_chown, .utimens = do_utimens, .truncate = do_truncate, .open = do_open, .create = do_create,
        .read = do_read, .write = do_write, .release = do_release};
    root = getenv("SLOWFS_ROOT");
    const char *us = getenv("SLOWFS_US");
    delay = us ? (useconds_t)atoi(us) : 1000;
    if (!root)
        return 2;
    umask(0);
    return fuse_main(argc, argv, &operations, NULL);
}
