/* SPDX-License-Identifier: ISC */
/*
 * killer - run a command and kill it at its Nth system call.
 *
 *	killer [-n N] [-1] [-c] [-e ERROR [-s]] [-d MS] [-r FILE] COMMAND...
 *	killer [-n N] [-1] [-c] [-e ERROR [-s]] [-d MS] [-r FILE] -p PID
 *
 * Counts the system calls that the command (from its exec on), or a process
 * that runs already with its children, makes; all that they fork count too.  At
 * the entry of call N, before the kernel has done anything of it, all of them
 * get SIGKILL, with -1 only the one that calls.  Without -n nobody is killed.
 *	-c	count only calls that can change something outside of it
 *	-e	call N fails with ERROR instead; only those that can, count
 *	-s	and so do all later ones
 *	-d	kill all after so many milliseconds, and say that it hung
 *	-r	append a line of JSON on how it went to FILE
 * It ends when all are gone.  Exit status 0; 69 when it could not do its work.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

/* Calls that change something outside of the process, and how each can fail. */
#define DISK	"ENOSPC EDQUOT EIO EFBIG EROFS EINTR "
#define NAMES	"ENOSPC EDQUOT EIO EROFS "
#define TABLE	"EMFILE ENFILE ENOMEM "
static const struct {
	long nr;
	const char *name, *errors;
} changing[] = {
#define CALL(x, errors) { SYS_##x, #x, errors " " }
	CALL(write, DISK), CALL(writev, DISK), CALL(pwrite64, DISK),
	CALL(pwritev, DISK), CALL(pwritev2, DISK), CALL(fsync, DISK),
	CALL(fdatasync, DISK), CALL(sync_file_range, DISK),
	CALL(syncfs, DISK), CALL(msync, "EIO"), CALL(copy_file_range, DISK),
	CALL(sendfile, DISK), CALL(splice, DISK), CALL(truncate, DISK),
	CALL(ftruncate, DISK), CALL(fallocate, DISK),
	CALL(link, NAMES), CALL(linkat, NAMES), CALL(symlink, NAMES),
	CALL(symlinkat, NAMES), CALL(unlink, NAMES), CALL(unlinkat, NAMES),
	CALL(rename, NAMES), CALL(renameat, NAMES), CALL(renameat2, NAMES),
	CALL(mkdir, NAMES), CALL(mkdirat, NAMES), CALL(rmdir, NAMES),
	CALL(open, NAMES TABLE "EINTR"), CALL(openat, NAMES TABLE "EINTR"),
	CALL(creat, NAMES TABLE), CALL(read, "EIO EINTR"),
	CALL(pread64, "EIO EINTR"), CALL(getdents64, "EIO"),
	CALL(chmod, NAMES), CALL(fchmod, NAMES), CALL(fchmodat, NAMES),
	CALL(chown, NAMES), CALL(fchown, NAMES), CALL(fchownat, NAMES),
	CALL(fcntl, "ENOLCK EMFILE"), CALL(flock, "ENOLCK EINTR"),
	CALL(ioctl, "EIO"), CALL(close, "EIO EINTR"),
	CALL(socket, TABLE), CALL(socketpair, TABLE), CALL(pipe2, TABLE),
	CALL(dup, TABLE), CALL(dup2, TABLE), CALL(dup3, TABLE),
	CALL(eventfd2, TABLE), CALL(epoll_create1, TABLE),
	CALL(accept4, TABLE "EINTR"), CALL(accept, TABLE "EINTR"),
	CALL(connect, "EINTR"), CALL(sendto, "EINTR ENOMEM"),
	CALL(sendmsg, "EINTR ENOMEM"), CALL(sendmmsg, "EINTR"),
	CALL(recvfrom, "EINTR ENOMEM"), CALL(recvmsg, "EINTR ENOMEM EMFILE"),
	CALL(poll, "EINTR ENOMEM"), CALL(ppoll, "EINTR ENOMEM"),
	CALL(wait4, "EINTR"), CALL(shutdown, ""), CALL(kill, ""),
	CALL(fork, "EAGAIN ENOMEM"), CALL(vfork, "EAGAIN ENOMEM"),
	CALL(clone, "EAGAIN ENOMEM"), CALL(clone3, "EAGAIN ENOMEM"),
	CALL(getrandom, "EINTR"), CALL(fstat, "EIO"),
	CALL(newfstatat, "EIO ENOMEM"), CALL(statfs, "EIO"),
	CALL(fstatfs, "EIO"), CALL(setuid, "EAGAIN"),
	CALL(setresuid, "EAGAIN"), CALL(setgroups, "ENOMEM"),
	CALL(exit, ""), CALL(exit_group, ""), CALL(io_uring_enter, "EINTR"),
#undef CALL
};

static const struct {
	const char *name;
	int number;
} errors[] = {
#define ERROR(x) { #x, x }
	ERROR(ENOSPC), ERROR(EDQUOT), ERROR(EIO), ERROR(EFBIG), ERROR(EROFS),
	ERROR(EINTR), ERROR(EMFILE), ERROR(ENFILE), ERROR(ENOMEM),
	ERROR(EAGAIN), ERROR(ENOLCK),
#undef ERROR
};

enum { TRACEES = 4096 };

static struct {
	long at;		/* kill at this call; 0 = never */
	bool only_one, only_changing;
	long deadline;		/* milliseconds; 0 = none */
	const char *report;
	pid_t attach;
	const char *error;	/* instead of a kill: "EIO " */
	bool error_stays;

	pid_t tracees[TRACEES];
	int failing[TRACEES];	/* the error of the call it is in; 0 = none */
	size_t n;
	pid_t root;
	bool counting, killed, hung;
	long calls;		/* counted so far */
	long nr;		/* the call at which it was killed */
	pid_t victim;
	bool root_gone;
	int root_status;
	bool root_gone_before; /* when the kill came */
} k;

static size_t
call_row(long nr)
{
	size_t i = 0;

	while (i < sizeof changing / sizeof *changing && changing[i].nr != nr)
		i++;
	return i;
}

static const char *
call_name(long nr)
{
	size_t i = call_row(nr);

	return i < sizeof changing / sizeof *changing ? changing[i].name : NULL;
}

static bool
can_fail_so(long nr)
{
	size_t i = call_row(nr);

	return i < sizeof changing / sizeof *changing &&
	    strstr(changing[i].errors, k.error) != NULL;
}

static int
error_number(void)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (strncmp(errors[i].name, k.error,
		        strlen(k.error) - 1) == 0)
			return errors[i].number;
	return 0;
}

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	for (size_t i = 0; i < k.n; i++)
		kill(k.tracees[i], SIGKILL);
	exit(69);
}

static void
tracee_add(pid_t pid)
{
	for (size_t i = 0; i < k.n; i++)
		if (k.tracees[i] == pid)
			return;
	if (k.n == TRACEES)
		give_up("killer: too many processes");
	k.failing[k.n] = 0;
	k.tracees[k.n++] = pid;
}

static void
tracee_gone(pid_t pid, int status)
{
	for (size_t i = 0; i < k.n; i++)
		if (k.tracees[i] == pid) {
			k.tracees[i] = k.tracees[--k.n];
			k.failing[i] = k.failing[k.n];
		}
	if (pid == k.root) {
		k.root_gone = true;
		k.root_status = status;
	}
}

static void
kill_all(void)
{
	for (size_t i = 0; i < k.n; i++)
		kill(k.tracees[i], SIGKILL);
}

static void
strike(pid_t pid, long nr)
{
	k.killed = true;
	k.nr = nr;
	k.victim = pid;
	k.root_gone_before = k.root_gone;
	if (k.only_one)
		kill(pid, SIGKILL);
	else
		kill_all();
}

static int *
failing(pid_t pid)
{
	size_t i = 0;

	while (k.tracees[i] != pid)
		i++;
	return &k.failing[i];
}

/* A connect() over a network that a signal interrupts goes on by itself. */
static bool
goes_on(pid_t pid, const struct user_regs_struct *regs, int error)
{
	if (regs->orig_rax != SYS_connect || error != EINTR)
		return false;
	long family = ptrace(PTRACE_PEEKDATA, pid, (void *)regs->rsi, NULL);
	return (family & 0xffff) != AF_UNIX;
}

/* The kernel sees no such call, and the caller gets the error. */
static void
refuse(pid_t pid, bool entry)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return;
	if (goes_on(pid, &regs, entry ? error_number() : *failing(pid))) {
		if (!entry && (long long)regs.rax == -EINPROGRESS)
			regs.rax = (unsigned long long)-EINTR;
	} else if (entry) {
		regs.orig_rax = (unsigned long long)-1;
	} else {
		regs.rax = (unsigned long long)-*failing(pid);
	}
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	*failing(pid) = entry ? error_number() : 0;
}

/* What is said on stderr is to be seen. */
static bool
is_counted(long nr, unsigned long long first)
{
	if (!k.counting)
		return false;
	if (k.error != NULL)
		return can_fail_so(nr) &&
		    !((nr == SYS_write || nr == SYS_writev) && first == 2);
	return !k.only_changing || call_name(nr) != NULL;
}

static void
at_call(pid_t pid)
{
	struct ptrace_syscall_info info;
	long got = ptrace(
	    PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info);

	if (got < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && *failing(pid) != 0)
		refuse(pid, false);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
	    !is_counted((long)info.entry.nr, info.entry.args[0]))
		return;
	long n = ++k.calls;
	if (k.error != NULL && k.at > 0 &&
	    (n == k.at || (k.error_stays && n > k.at))) {
		if (!k.killed)
			k.nr = (long)info.entry.nr;
		k.killed = true;
		refuse(pid, true);
	} else if (n == k.at && !k.killed) {
		strike(pid, (long)info.entry.nr);
	}
}

/* What a stopped tracee is let go on with: a signal, or 0. */
static int
stopped(pid_t pid, int status, bool *listen)
{
	int sig = WSTOPSIG(status);
	int event = status >> 16;

	tracee_add(pid);
	if (sig == (SIGTRAP | 0x80)) {
		at_call(pid);
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC && pid == k.root)
		k.counting = true;
	if (event == PTRACE_EVENT_STOP && sig != SIGTRAP)
		*listen = true;
	return event != 0 ? 0 : sig;
}

static volatile sig_atomic_t late;

static void
too_late(int sig)
{
	(void)sig;
	late = 1;
}

static void
follow(void)
{
	while (k.n > 0) {
		int status;
		bool listen = false;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno != EINTR)
			return;
		if (late) {
			k.hung = true;
			kill_all();
		}
		if (pid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			tracee_gone(pid, status);
			continue;
		}
		int sig = stopped(pid, status, &listen);
		ptrace(listen ? PTRACE_LISTEN : PTRACE_SYSCALL, pid, NULL,
		    (void *)(long)sig);
	}
}

#define OPTIONS                                                              \
	((void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |         \
	    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | \
	    (k.attach != 0 ? 0 : PTRACE_O_EXITKILL)))

static void
start(char **argv)
{
	int gate[2];
	char c;

	if (pipe(gate) < 0)
		give_up("killer: pipe");
	k.root = fork();
	if (k.root < 0)
		give_up("killer: fork");
	if (k.root == 0) {
		close(gate[1]);
		while (read(gate[0], &c, 1) > 0)
			continue;
		close(gate[0]);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	tracee_add(k.root);
	if (ptrace(PTRACE_SEIZE, k.root, NULL, OPTIONS) < 0 ||
	    ptrace(PTRACE_INTERRUPT, k.root, NULL, NULL) < 0)
		give_up("killer: seize");
	close(gate[0]);
	close(gate[1]);
}

static void
attach_tree(pid_t pid)
{
	char path[64];
	int child;

	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return;
	tracee_add(pid);
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fscanf(f, "%d", &child) == 1)
		attach_tree(child);
	fclose(f);
}

static void
put_report(void)
{
	FILE *f = k.report != NULL ? fopen(k.report, "ae") : stderr;
	const char *name = call_name(k.nr);

	if (f == NULL)
		give_up(k.report);
	fprintf(f,
	    "{\"calls\":%ld,\"killed\":%s,\"call\":\"%s\",\"nr\":%ld,"
	    "\"victim\":%d,\"root\":%d,\"hung\":%s,\"before\":%s,"
	    "\"exit\":%d,\"signal\":%d}\n",
	    k.calls, k.killed ? "true" : "false", name != NULL ? name : "",
	    k.nr, k.victim, k.root, k.hung ? "true" : "false",
	    k.root_gone_before ? "true" : "false",
	    k.root_gone && WIFEXITED(k.root_status)
	        ? WEXITSTATUS(k.root_status) : -1,
	    k.root_gone && WIFSIGNALED(k.root_status)
	        ? WTERMSIG(k.root_status) : 0);
	fclose(f);
}

static void
set_deadline(void)
{
	struct sigaction act = { .sa_handler = too_late };
	struct itimerval t = { .it_value = { .tv_sec = k.deadline / 1000,
		.tv_usec = k.deadline % 1000 * 1000 },
		.it_interval = { .tv_sec = 1 } };

	sigaction(SIGALRM, &act, NULL);
	if (k.deadline > 0)
		setitimer(ITIMER_REAL, &t, NULL);
}

int
main(int argc, char **argv)
{
	char *error = NULL;
	int c;

	while ((c = getopt(argc, argv, "+n:1cd:r:p:e:s")) != -1) {
		switch (c) {
		case 'n': k.at = atol(optarg); break;
		case '1': k.only_one = true; break;
		case 'c': k.only_changing = true; break;
		case 'd': k.deadline = atol(optarg); break;
		case 'r': k.report = optarg; break;
		case 'p': k.attach = atoi(optarg); break;
		case 's': k.error_stays = true; break;
		case 'e':
			if (asprintf(&error, "%s ", optarg) < 0)
				return 69;
			k.error = error;
			if (error_number() == 0)
				return 64;
			break;
		default: return 64;
		}
	}
	if (k.attach == 0 && optind == argc)
		return 64;
	set_deadline();
	if (k.attach != 0) {
		k.root = k.attach;
		k.counting = true;
		attach_tree(k.attach);
		puts("attached");
		fflush(stdout);
	} else {
		start(argv + optind);
	}
	follow();
	put_report();
	return 0;
}
