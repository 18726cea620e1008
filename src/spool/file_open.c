/* SPDX-License-Identifier: ISC */
/* file_open.c - the spool folder: is it ours, and is it safe there? */
#include "spool/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/file.h"
#include "spool/recorder.h"

static const char *const names[] = {
	[IN_ROOT] = ".",
	[IN_QUEUE] = "queue",
	[IN_HELD] = "held",
	[IN_CORRUPT] = "corrupt",
	[IN_KEYS] = "keys",
	[IN_TMP] = "tmp",
};

#define EXT4 0xef53

/* What kind of promise a file system can keep. */
enum promise { NETWORK, VOLATILE, LAYERED, FOREIGN, NOT_IN_PLACE, BTRFS };

static const struct {
	unsigned long magic;
	const char *name;
	enum promise promise;
} systems[] = {
	{ 0x6969, "NFS", NETWORK },
	{ 0x517b, "SMB", NETWORK },
	{ 0xff534d42, "CIFS", NETWORK },
	{ 0xfe534d42, "SMB", NETWORK },
	{ 0x01021997, "9P", NETWORK },
	{ 0x5346414f, "AFS", NETWORK },
	{ 0x6b414653, "AFS", NETWORK },
	{ 0x00c36400, "Ceph", NETWORK },
	{ 0x73757245, "Coda", NETWORK },
	{ 0x0bd00bd0, "Lustre", NETWORK },
	{ 0x19830326, "BeeGFS", NETWORK },
	{ 0x01021994, "tmpfs", VOLATILE },
	{ 0x858458f6, "ramfs", VOLATILE },
	{ 0x794c7630, "overlay", LAYERED },
	{ 0x65735546, "FUSE", FOREIGN },
	{ 0x2fc12fc1, "ZFS", NOT_IN_PLACE },
	{ 0xca451a4e, "bcachefs", NOT_IN_PLACE },
	{ 0x3434, "NILFS", NOT_IN_PLACE },
	{ 0x9123683e, "btrfs", BTRFS },
};

bool
file_refuse(const struct store *s, struct outcome *why, const char *what,
    int error)
{
	bool full = error == ENOSPC || error == EDQUOT;

	return outcome_fail(why, DEFERRED, STAGE_SYSTEM,
	    full ? ESC(4, 3, 1) : ESC(4, 3, 0), "%s in %s: %s", what,
	    s->config.path, strerror(error));
}

/* ---- folders ---- */

/* Its owner is who we are, and nobody else may enter. */
static bool
is_ours(const char *path, const char *name, int fd, struct outcome *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return file_fail(why, "spool folder", path, errno);
	if (st.st_uid != geteuid())
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
		    "spool folder %s/%s belongs to user %u, and this is user "
		    "%u", path, name, (unsigned)st.st_uid,
		    (unsigned)geteuid());
	if ((st.st_mode & 077) != 0)
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
		    "spool folder %s/%s may be entered by others (mode %04o, "
		    "want 0700)", path, name, (unsigned)st.st_mode & 07777);
	return true;
}

/* btrfs writes elsewhere, and so needs room, unless it is told not to. */
static bool
write_in_place(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	if (flags & FS_NOCOW_FL)
		return true;
	flags |= FS_NOCOW_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

/* A new folder is durable before anything is in it. */
static int
make_folder(int root, const char *name)
{
	int fd, error;

	if (mkdirat(root, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(root, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fchmod(fd, 0700) == 0 && fsync(root) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
open_folder(struct store *s, enum folder which, struct outcome *why)
{
	const char *name = names[which];
	int root = s->folder[IN_ROOT];
	int fd = openat(root, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		fd = make_folder(root, name);
		if (fd >= 0)
			write_in_place(fd);
	}
	if (fd < 0) {
		file_refuse(s, why, name, errno);
		return -1;
	}
	if (is_ours(s->config.path, name, fd, why))
		return fd;
	close(fd);
	return -1;
}

const char *
file_folder_name(enum folder which)
{
	return names[which];
}

int
file_folder(struct store *s, enum folder which, struct outcome *why)
{
	if (s->folder[which] < 0)
		s->folder[which] = open_folder(s, which, why);
	return s->folder[which];
}

/* ---- what lies below it ---- */

/* btrfs, and that it would need room, is known of queue/ alone. */
static void
remark_place(struct store *s, enum promise promise, const char *name)
{
	static const char *const words[] = {
		[VOLATILE] = "is lost when the machine stops",
		[LAYERED] = "lasts no longer than the layer, or container",
		[FOREIGN] = "is as durable as the program behind it",
		[NOT_IN_PLACE] = "needs free room to record a delivery",
		[BTRFS] = "needs free room to record a delivery (no NOCOW)",
	};

	if (promise == BTRFS && write_in_place(s->folder[IN_QUEUE]))
		return;
	s->in_place = promise != BTRFS && promise != NOT_IN_PLACE;
	snprintf(s->remark, sizeof s->remark, "the spool is on %s: what is "
	    "there %s", name, words[promise]);
}

static bool
check_system(struct store *s, struct outcome *why)
{
	struct statfs fs;

	if (fstatfs(s->folder[IN_QUEUE], &fs) < 0)
		return file_refuse(s, why, "ask the file system", errno);
	s->shares = fs.f_type == EXT4;
	for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
		if ((unsigned long)fs.f_type != systems[i].magic)
			continue;
		if (systems[i].promise == NETWORK)
			return outcome_fail(why, FAILED, STAGE_CONFIG,
			    ESC(5, 3, 5), "the spool %s is on %s: no queue is "
			    "safe on a network file system", s->config.path,
			    systems[i].name);
		remark_place(s, systems[i].promise, systems[i].name);
	}
	return true;
}

/* ---- the store ---- */

static bool
open_root(struct store *s, struct outcome *why)
{
	s->folder[IN_ROOT] = open(s->config.path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder[IN_ROOT] < 0)
		return file_fail(why, "spool folder", s->config.path, errno);
	return is_ours(s->config.path, ".", s->folder[IN_ROOT], why);
}

struct store *
store_open(const struct store_config *config, struct outcome *why)
{
	struct store *s = mem_alloc(sizeof *s);

	s->config = *config;
	s->in_place = true;
	for (size_t i = 0; i < NFOLDERS; i++)
		s->folder[i] = -1;
	if (open_root(s, why) && file_folder(s, IN_QUEUE, why) >= 0 &&
	    check_system(s, why)) {
		if (config->recorders > 0)
			s->recorders = recorders_new(config->recorders,
			    RECORDER_IDLE, s->shares);
		return s;
	}
	store_close(s);
	return NULL;
}

/* What was asked for is done, whether or not anybody hears of it. */
static void
await_all(struct store *s)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
	struct store_answer answer;

	while (s->owed + s->dropping > 0)
		if (!store_answer(s, &answer) && s->owed + s->dropping > 0)
			poll(&p, 1, -1);
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	await_all(s);
	recorders_free(s->recorders);
	for (size_t i = 0; i < NFOLDERS; i++)
		if (s->folder[i] >= 0)
			close(s->folder[i]);
	free(s);
}

const char *
store_remark(const struct store *s)
{
	return s->remark[0] ? s->remark : NULL;
}

bool
store_space(const struct store *s, struct store_space *out)
{
	struct statvfs v;

	*out = (struct store_space){ 0 };
	if (fstatvfs(s->folder[IN_QUEUE], &v) < 0)
		return false;
	out->octets = (uint64_t)v.f_blocks * v.f_frsize;
	out->free_octets = (uint64_t)v.f_bavail * v.f_frsize;
	out->inodes = v.f_files;
	out->free_inodes = v.f_favail;
	return true;
}
