// What a Linux build runs before the runtime: holds signals back, mends what the runtime
// would not survive, and ends with a sentence where that cannot be mended.
// `deno task first-stage` compiles it into code.ts; no library, and nothing but the stack.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

// From one source for both: what the kernel's loader jumps to, with argc, argv and the
// environment on the stack, and in one register what the program's own entry is owed.
#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, SIGACTION = 13, SIGPROCMASK = 14,
  CLONE = 56, WAIT4 = 61, FCNTL = 72, GETCWD = 79, GETUID = 102, CLOCK_GETTIME = 228, EXIT_GROUP = 231, OPENAT = 257,
  READLINKAT = 267, DUP3 = 292, PIPE2 = 293, PRLIMIT64 = 302 };
asm(".section .entry, \"ax\"\n"
    "push %rdx\n"
    "push %rdx\n"
    "lea 16(%rsp), %rdi\n"
    "call stage\n"
    "pop %rdx\n"
    "pop %rdx\n"
    "jmp *%rax\n"
    ".text\n");
static i64 call(i64 number, i64 a, i64 b, i64 c, i64 d) {
  i64 result;
  register i64 r10 asm("r10") = d;
  asm volatile("syscall" : "=a"(result)
    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { DUP3 = 24, FCNTL = 25, OPENAT = 56, CLOSE = 57, PIPE2 = 59, READ = 63,
  WRITE = 64, READLINKAT = 78, GETCWD = 17, EXIT_GROUP = 94,
  CLOCK_GETTIME = 113, SIGACTION = 134, SIGPROCMASK = 135, GETUID = 174, CLONE = 220,
  WAIT4 = 260, PRLIMIT64 = 261 };
asm(".section .entry, \"ax\"\n"
    "stp x0, x30, [sp, -16]!\n"
    "add x0, sp, 16\n"
    "bl stage\n"
    "mov x16, x0\n"
    "ldp x0, x30, [sp], 16\n"
    "br x16\n"
    ".text\n");
static i64 call(i64 number, i64 a, i64 b, i64 c, i64 d) {
  register i64 x8 asm("x8") = number;
  register i64 x0 asm("x0") = a;
  register i64 x1 asm("x1") = b;
  register i64 x2 asm("x2") = c;
  register i64 x3 asm("x3") = d;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#endif

// The order is that of ends.ts.
enum kind { ARGUMENT, NAME, FOLDER, PROC, FILES, STACK, SPACE, DATA, THREADS, KINDS };

// What the build appends: offsets are from the table's own beginning, texts end with NUL.
struct end { u32 code, text, json, native, result; };
extern const struct {
  i64 entry;
  u32 commands, runs;
  struct end ends[KINDS];
} table __attribute__((visibility("hidden")));

static const char *at(u32 offset) { return (const char *)&table + offset; }

static u64 length(const char *text) {
  u64 count = 0;
  while (text[count]) count++;
  return count;
}

static int is(const char *text, const char *other) {
  while (*text && *text == *other) text++, other++;
  return *text == *other;
}

// What is behind a beginning, or 0.
static char *after(char *text, const char *beginning) {
  while (*beginning) if (*text++ != *beginning++) return 0;
  return text;
}

// Whether a list, which ends with an empty word, has it.
static int holds(const char *list, const char *word) {
  for (; *list; list += length(list) + 1) if (is(list, word)) return 1;
  return 0;
}

// As the runtime's language has it: no overlong form, no surrogate, nothing above 10FFFF.
static int is_utf8(const char *text) {
  const u8 *byte = (const u8 *)text;
  while (*byte) {
    u8 first = *byte++, low = 0x80, high = 0xbf;
    int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1
      : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (more < 0) return 0;
    for (; more > 0; more--, low = 0x80, high = 0xbf) {
      if (*byte < low || *byte > high) return 0;
      byte++;
    }
  }
  return 1;
}

// What the words ask for, as core/frontends/cli/unparsed.ts reads them.
struct asked {
  int may_be_run, is_run, is_json, is_native, is_result;
};

static struct asked read_words(char **words) {
  struct asked asked = { 0, 0, 0, 0, 0 };
  int has_command = 0, is_head = 1;
  char *before = "";
  for (; *words; before = *words++) {
    char *word = *words, *value;
    if (is(word, "exec") || is(word, "e")) asked.may_be_run = 1;
    if (is(word, "--")) is_head = 0;
    if (!is_head) continue;
    if (!has_command && holds(at(table.commands), word)) {
      has_command = 1;
      asked.is_run = holds(at(table.runs), word);
    }
    if (is(word, "--json") || is(word, "--experimental-json")) asked.is_json = 1;
    value = is(before, "--events") ? word : after(word, "--events=");
    if (value) asked.is_native = is(value, "native");
    value = is(before, "--output-format") ? word : after(word, "--output-format=");
    if (value) asked.is_result = is(value, "json");
  }
  return asked;
}

static void set_mask(u64 mask) {
  call(SIGPROCMASK, 2 /* SIG_SETMASK */, (i64)&mask, 0, 8);
}

static void write_all(int file, const char *text, u64 left) {
  while (left > 0) {
    i64 count = call(WRITE, file, (i64)text, left, 0);
    if (count == -4 /* EINTR */) continue;
    if (count <= 0) return;
    text += count, left -= count;
  }
}

static void digits(char *to, u32 count, u64 value) {
  while (count--) to[count] = '0' + value % 10, value /= 10;
}

// 2026-01-31T23:59:59.999Z; the days by the civil calendar, from 1 March of year 0.
static void write_time(char *to) {
  i64 now[2];
  call(CLOCK_GETTIME, 0, (i64)now, 0, 0);
  u64 second = now[0] % 86400, days = now[0] / 86400 + 719468;
  u64 era = days / 146097, day = days % 146097;
  u64 year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= 365 * year + year / 4 - year / 100;
  u64 month = (5 * day + 2) / 153;
  digits(to + 8, 2, day - (153 * month + 2) / 5 + 1);
  month = month < 10 ? month + 3 : month - 9;
  digits(to, 4, year + era * 400 + (month < 3));
  digits(to + 5, 2, month);
  digits(to + 11, 2, second / 3600);
  digits(to + 14, 2, second / 60 % 60);
  digits(to + 17, 2, second % 60);
  digits(to + 20, 3, now[1] / 1000000);
}

// Says it and ends. A reader that has gone changes neither the sentence nor the code.
static void end_with(enum kind kind, struct asked asked) {
  const struct end *end = &table.ends[kind];
  char lines[4096];
  u64 count = 0;
  set_mask(~0ul);
  if (asked.is_run && (asked.is_json || asked.is_result)) {
    const char *text = at(!asked.is_json ? end->result
      : asked.is_native ? end->native : end->json);
    for (; text[count] && count < sizeof lines; count++) lines[count] = text[count];
    for (u64 i = 0; asked.is_json && asked.is_native && i + 30 < count; i++) {
      if (after(lines + i, "\"ts\":\"")) write_time(lines + i + 6);
    }
    write_all(1, lines, count);
  }
  write_all(2, at(end->text), length(at(end->text)));
  call(EXIT_GROUP, end->code, 0, 0, 0);
}

// ICU holds a language of up to 11 letters, and a little more than 150 in all.
static int is_too_long(const char *locale) {
  u32 count = 0;
  int has_prefix = (locale[0] | 32) == 'i' || (locale[0] | 32) == 'x';
  for (; locale[count] && locale[count] != '.' && locale[count] != '@'; count++) {
    int is_break = locale[count] == '_' || locale[count] == '-';
    if (is_break && !(count == 1 && has_prefix)) break;
  }
  return count > 11 || length(locale) > 150;
}

// What is put in a variable's place is read only, as nobody writes to one.
static void mend_environment(char **variable) {
  for (; *variable; variable++) {
    char *value;
    if ((value = after(*variable, "TMPDIR="))) {
      if (*value != '/' || !is_utf8(value)) *variable = "TMPDIR=/tmp";
    } else if ((value = after(*variable, "LANG="))) {
      if (is_too_long(value)) *variable = "LANG=C";
    } else if ((value = after(*variable, "LC_ALL="))) {
      if (is_too_long(value)) *variable = "LC_ALL=C";
    } else if ((value = after(*variable, "LC_MESSAGES="))) {
      if (is_too_long(value)) *variable = "LC_MESSAGES=C";
    }
  }
}

static int is_open(int file) {
  return call(FCNTL, file, 1 /* F_GETFD */, 0, 0) >= 0;
}

// The runtime opens /dev/null for what is closed, and ends where there is none: then a pipe
// without another side serves. The stdout of a run is one that takes nothing, so that it is
// seen. Whatever is opened gets the lowest number, which is that of the closed one.
static void mend_streams(struct asked asked) {
  for (int file = 0; file < 3; file++) {
    if (is_open(file)) continue;
    int flags = file == 1 && asked.may_be_run ? 0 : 2 /* O_RDWR */;
    i64 opened = call(OPENAT, -100 /* AT_FDCWD */, (i64)"/dev/null", flags, 0);
    if (opened >= 0) continue;
    int sides[2];
    if (call(PIPE2, (i64)sides, 0, 0, 0) < 0) continue;
    if (file > 0) call(DUP3, sides[1], file, 0, 0);
    call(CLOSE, sides[1], 0, 0, 0);
  }
}

struct limit { u64 soft, hard; };

// The soft limit, raised as far as it may be where it is below `wanted`.
static u64 raise(int resource, u64 wanted, u64 enough) {
  struct limit limit = { ~0ul, ~0ul };
  if (call(PRLIMIT64, 0, resource, 0, (i64)&limit) < 0) return ~0ul;
  if (limit.soft >= wanted) return limit.soft;
  u64 soft = limit.hard < enough ? limit.hard : enough;
  if (soft <= limit.soft) return limit.soft;
  limit.soft = soft;
  call(PRLIMIT64, 0, resource, (i64)&limit, 0);
  return soft;
}

enum { FILES_MIN = 16 };

// Of the files that may be open, those that are not yet, and the three that must be; no
// more are counted than are needed.
static int count_files(u64 limit) {
  int count = 3;
  for (u64 file = 3; file < limit && count < FILES_MIN; file++) {
    count += !is_open(file);
  }
  return count;
}

enum { THREADS_MIN = 8, SIGCHLD = 17 };

// Whether so many more threads could run: there is no count of those that do, so as many
// processes are started, which wait for each other and end.
static int can_run_more(void) {
  int sides[2], count = 0;
  i64 started[THREADS_MIN];
  if (call(PIPE2, (i64)sides, 0, 0, 0) < 0) return 1;
  while (count < THREADS_MIN) {
    i64 child = call(CLONE, SIGCHLD, 0, 0, 0);
    if (child < 0) break;
    if (child == 0) {
      char byte;
      call(CLOSE, sides[1], 0, 0, 0);
      call(READ, sides[0], (i64)&byte, 1, 0);
      call(EXIT_GROUP, 0, 0, 0, 0);
    }
    started[count++] = child;
  }
  call(CLOSE, sides[0], 0, 0, 0);
  call(CLOSE, sides[1], 0, 0, 0);
  for (int at = 0; at < count; at++) call(WAIT4, started[at], 0, 0, 0);
  return count == THREADS_MIN;
}

#define MB (1ul << 20)
#define GB (1ul << 30)

static void mend_limits(struct asked asked) {
  // <sys/resource.h>: RLIMIT_DATA 2, RLIMIT_STACK 3, RLIMIT_NPROC 6, RLIMIT_NOFILE 7,
  // RLIMIT_AS 9. That of processes does not bind root, and few come near a large one.
  if (count_files(raise(7, 64, 1024)) < FILES_MIN) end_with(FILES, asked);
  if (raise(3, MB, 8 * MB) < 192 << 10) end_with(STACK, asked);
  if (raise(9, 40 * GB, ~0ul) < 36 * GB) end_with(SPACE, asked);
  if (raise(2, GB, ~0ul) < 768 * MB) end_with(DATA, asked);
  int is_bound = raise(6, 64, ~0ul) < 1024 && call(GETUID, 0, 0, 0, 0) != 0;
  if (is_bound && !can_run_more()) end_with(THREADS, asked);
}

static void refuse_place(struct asked asked, const char *name) {
  char path[4097];
  i64 count = call(READLINKAT, -100, (i64)"/proc/self/exe", (i64)path, 4096);
  if (count < 0) end_with(PROC, asked);
  path[count] = 0;
  if (!is_utf8(path) || (name && !is_utf8(name))) end_with(NAME, asked);
  count = call(GETCWD, (i64)path, 4096, 0, 0);
  // Removed, or out of reach: on a file system that was taken away, above a new root.
  int is_gone = count == -2 /* ENOENT */ || (count > 0 && *path != '/');
  if (is_gone) end_with(FOLDER, asked);
}

// The signals of core/host/terminal/signals.ts, and 33 + n for each n that the parent had
// ignored, as nohup(1) does.
static void hold_signals(void) {
  u64 mask = 0x7780ea37;
  for (int signal = 1; signal < 32; signal++) {
    u64 action[4];
    action[0] = 0;
    call(SIGACTION, signal, 0, (i64)action, 8);
    if (action[0] == 1 /* SIG_IGN */) mask |= 1ul << (signal + 32);
  }
  set_mask(mask);
}

__attribute__((used)) const void *stage(i64 *stack) {
  char **words = (char **)(stack + 1);
  char **environment = words + stack[0] + 1;
  struct asked asked = read_words(*words ? words + 1 : words);
  mend_environment(environment);
  mend_streams(asked);
  mend_limits(asked);
  for (char **word = words; *word && *++word;) {
    if (!is_utf8(*word)) end_with(ARGUMENT, asked);
  }
  refuse_place(asked, *words);
  if (asked.may_be_run) hold_signals();
  return (const char *)&table + table.entry;
}
