/* SPDX-License-Identifier: ISC */
/*
 * cutfs - a file system with one image in it, which remembers every write.
 *
 *	cutfs IMAGE LOG MOUNTPOINT
 *
 * MOUNTPOINT/disk is IMAGE, for a loop device.  Each write and each flush of
 * it is appended to LOG in the order in which it was done, and so is each line
 * that is written into MOUNTPOINT/mark: what somebody was told at that point.
 * A record is a struct record and its octets; power.py plays them back.
 *
 * One thread, so that the order is one.  A flush is noted when it is asked for:
 * all that was written before is then in the image.  It writes no page back
 * late: FUSE passes every write of the loop device on at once.
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct record {
	uint32_t kind; /* 'W', 'F' or 'M' */
	uint32_t size;
	uint64_t at;
};

static int image, journal;

static int
note(uint32_t kind, uint64_t at, const char *data, size_t size)
{
	struct record r = { .kind = kind, .size = (uint32_t)size, .at = at };

	if (write(journal, &r, sizeof r) != sizeof r ||
	    write(journal, data, size) != (ssize_t)size)
		return -EIO;
	return 0;
}

static int
is(const char *path, const char *name)
{
	return strcmp(path, name) == 0;
}

static int
do_getattr(const char *path, struct stat *st, struct fuse_file_info *f)
{
	(void)f;
	memset(st, 0, sizeof *st);
	if (is(path, "/")) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	} else if (is(path, "/disk")) {
		if (fstat(image, st) < 0)
			return -errno;
	} else if (is(path, "/mark")) {
		st->st_mode = S_IFREG | 0666;
		st->st_nlink = 1;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int
do_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t at,
    struct fuse_file_info *f, enum fuse_readdir_flags flags)
{
	(void)path, (void)at, (void)f, (void)flags;
	fill(buf, "disk", NULL, 0, 0);
	fill(buf, "mark", NULL, 0, 0);
	return 0;
}

static int
do_open(const char *path, struct fuse_file_info *f)
{
	f->direct_io = is(path, "/mark") ? 1 : 0;
	return 0;
}

static int
do_truncate(const char *path, off_t size, struct fuse_file_info *f)
{
	(void)size, (void)f;
	return is(path, "/mark") ? 0 : -EPERM;
}

static int
do_read(const char *path, char *buf, size_t size, off_t at,
    struct fuse_file_info *f)
{
	(void)f;
	if (!is(path, "/disk"))
		return 0;
	ssize_t n = pread(image, buf, size, at);
	return n < 0 ? -errno : (int)n;
}

static int
do_write(const char *path, const char *data, size_t size, off_t at,
    struct fuse_file_info *f)
{
	(void)f;
	int disk = is(path, "/disk");

	if (disk && pwrite(image, data, size, at) != (ssize_t)size)
		return -EIO;
	int bad = note(disk ? 'W' : 'M', (uint64_t)at, data, size);
	return bad != 0 ? bad : (int)size;
}

static int
do_fsync(const char *path, int datasync, struct fuse_file_info *f)
{
	(void)datasync, (void)f;
	return is(path, "/disk") ? note('F', 0, "", 0) : 0;
}

/* Zeroes, for a discard or a zero-out of the block layer. */
static int
do_fallocate(const char *path, int mode, off_t at, off_t size,
    struct fuse_file_info *f)
{
	(void)path, (void)mode, (void)at, (void)size, (void)f;
	return -EOPNOTSUPP;
}

static const struct fuse_operations operations = {
	.getattr = do_getattr,
	.readdir = do_readdir,
	.open = do_open,
	.truncate = do_truncate,
	.read = do_read,
	.write = do_write,
	.fsync = do_fsync,
	.fallocate = do_fallocate,
};

int
main(int argc, char **argv)
{
	char *words[] = { argv[0], "-s", "-f", "-odefault_permissions", NULL,
		NULL };

	if (argc != 4)
		return 64;
	image = open(argv[1], O_RDWR | O_CLOEXEC);
	journal = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND |
	        O_CLOEXEC, 0600);
	if (image < 0 || journal < 0) {
		perror("cutfs");
		return 69;
	}
	words[4] = argv[3];
	return fuse_main(5, words, &operations, NULL);
}
