/*
 * The backend of the proxy bench: one epoll thread that answers at once out of prepared bytes, so that what is measured
 * is the proxy before it. HTTP/1.1 with keep-alive, and FastCGI with keep-conn.
 *
 *   gcc -O2 -o responder responder.c && ./responder
 *
 * It listens on two free ports of 127.0.0.1, prints both (HTTP, FastCGI) on one line, and serves until it is ended.
 * It trusts what it reads: only the servers under test talk to it.
 *
 *   /1k /64k /10m   that much, with Content-Length
 *   /chunked        1 KB in one chunk
 *   /accel/NAME     no body, X-Accel-Redirect: /internal/NAME
 *   anything else   "ok"; a request body is read to its end first
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 128 * 1024, EVENTS = 256, NAME_BYTES = 64, OWN_BYTES = 2048 };
enum { FCGI_BEGIN = 1, FCGI_END = 3, FCGI_PARAMS = 4, FCGI_STDIN = 5, FCGI_STDOUT = 6, FCGI_HEAD = 8 };

typedef struct {
  char *bytes;
  size_t length;
} Answer;

typedef struct Connection {
  int fd;
  char is_fastcgi, is_chunked, wants_write, closes;
  long long body_left; /* of the request, or of one chunk with its line end */
  const char *out;     /* what is being sent; null: nothing */
  size_t out_length, out_sent;
  Answer own;          /* an answer that is made for this request */
  size_t length;
  char in[READ_BYTES + 1];
} Connection;

typedef struct {
  int fd;
  char is_fastcgi;
} Listener;

static const char FIELDS[] =
    "Server: responder\r\nDate: Mon, 01 Jul 2024 12:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Cache-Control: private, max-age=0\r\nETag: \"5f3-62b9a1c0\"\r\nVary: Accept-Encoding\r\n";
static int poller;
static Answer kilobyte, large, huge, chunked, ok, fastcgi;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void *memory(size_t bytes) {
  void *found = malloc(bytes);
  if (!found) die("malloc");
  return found;
}

static void letters(char *to, size_t count) {
  for (size_t at = 0; at < count; at++) to[at] = 'a' + at % 26;
}

static Answer with_length(size_t body) {
  Answer made = {memory(1024 + body), 0};
  made.length = sprintf(made.bytes, "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n", FIELDS, body);
  letters(made.bytes + made.length, body);
  made.length += body;
  return made;
}

static Answer in_one_chunk(size_t body) {
  Answer made = {memory(1024 + body), 0};
  made.length = sprintf(made.bytes, "HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n%zx\r\n", FIELDS, body);
  letters(made.bytes + made.length, body);
  made.length += body;
  memcpy(made.bytes + made.length, "\r\n0\r\n\r\n", 7);
  made.length += 7;
  return made;
}

static size_t record(char *to, int type, size_t length) {
  char head[FCGI_HEAD] = {1, type, 0, 1, length >> 8, length & 255, 0, 0};
  memcpy(to, head, FCGI_HEAD);
  return FCGI_HEAD;
}

/* The page in one record, the end of the output, the end of the request. */
static Answer as_fastcgi(size_t body) {
  Answer made = {memory(1024 + body), FCGI_HEAD};
  size_t head = sprintf(made.bytes + FCGI_HEAD, "Status: 200 OK\r\n%sContent-Length: %zu\r\n\r\n", FIELDS, body);
  letters(made.bytes + FCGI_HEAD + head, body);
  record(made.bytes, FCGI_STDOUT, head + body);
  made.length += head + body;
  made.length += record(made.bytes + made.length, FCGI_STDOUT, 0);
  made.length += record(made.bytes + made.length, FCGI_END, 8);
  memset(made.bytes + made.length, 0, 8);
  made.length += 8;
  return made;
}

static void drop(Connection *c) {
  close(c->fd);
  free(c->own.bytes);
  free(c);
}

static void want_write(Connection *c, int wants) {
  if (c->wants_write == wants) return;
  c->wants_write = wants;
  struct epoll_event event = {.events = wants ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

/* 1: all is sent; 0: the socket is full; -1: the connection is gone. */
static int flush_answer(Connection *c) {
  while (c->out) {
    ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      want_write(c, 1);
      return 0;
    }
    if (sent < 0) {
      drop(c);
      return -1;
    }
    c->out_sent += sent;
    if (c->out_sent < c->out_length) continue;
    c->out = NULL;
    if (c->closes) {
      drop(c);
      return -1;
    }
  }
  want_write(c, 0);
  return 1;
}

static void answer_with(Connection *c, const Answer *answer) {
  c->out = answer->bytes;
  c->out_length = answer->length;
  c->out_sent = 0;
}

static void eat(Connection *c, size_t bytes) {
  memmove(c->in, c->in + bytes, c->length - bytes);
  c->length -= bytes;
}

static char *own_bytes(Connection *c) {
  if (!c->own.bytes) c->own.bytes = memory(OWN_BYTES);
  return c->own.bytes;
}

static void answer_accel(Connection *c, const char *name) {
  char file[NAME_BYTES] = "";
  sscanf(name, "%63[a-z0-9.]", file);
  c->own.length = sprintf(own_bytes(c),
                          "HTTP/1.1 200 OK\r\nServer: responder\r\nDate: Mon, 01 Jul 2024 12:00:00 GMT\r\n"
                          "Content-Type: text/plain\r\nX-Accel-Redirect: /internal/%s\r\nContent-Length: 0\r\n\r\n",
                          file);
  answer_with(c, &c->own);
}

static void answer_path(Connection *c, const char *path) {
  if (!strncmp(path, "/1k ", 4)) answer_with(c, &kilobyte);
  else if (!strncmp(path, "/64k ", 5)) answer_with(c, &large);
  else if (!strncmp(path, "/10m ", 5)) answer_with(c, &huge);
  else if (!strncmp(path, "/chunked ", 9)) answer_with(c, &chunked);
  else if (!strncmp(path, "/accel/", 7)) answer_accel(c, path + 7);
  else answer_with(c, &ok);
}

/* Reads the rest of a request body; 1 when it has ended. Only then is something sent, which `ok` is. */
static int skip_body(Connection *c) {
  for (;;) {
    size_t here = c->length < (size_t)c->body_left ? c->length : (size_t)c->body_left;
    eat(c, here);
    c->body_left -= here;
    if (c->body_left > 0) return 0;
    if (!c->is_chunked) return 1;
    char *line_end = memmem(c->in, c->length, "\r\n", 2);
    if (!line_end) return 0;
    c->in[c->length] = 0;
    long size = strtol(c->in, NULL, 16);
    size_t line = line_end - c->in + 2;
    if (size == 0 && c->length < line + 2) return 0;
    eat(c, size == 0 ? line + 2 : line);
    c->body_left = size == 0 ? 0 : size + 2;
    if (size == 0) c->is_chunked = 0;
  }
}

/* 1: there may be more to do; 0: more bytes are needed. */
static int take_http(Connection *c) {
  if (c->body_left > 0 || c->is_chunked) {
    if (!skip_body(c)) return 0;
    answer_with(c, &ok);
    return 1;
  }
  char *end = memmem(c->in, c->length, "\r\n\r\n", 4);
  if (!end) return 0;
  size_t head = end - c->in + 4;
  *end = 0;
  char *path = strchr(c->in, ' ');
  char *length = strcasestr(c->in, "\ncontent-length:");
  c->closes = strcasestr(c->in, "\nconnection: close") != NULL;
  c->is_chunked = strcasestr(c->in, "\ntransfer-encoding:") != NULL;
  c->body_left = length ? atoll(length + 16) : 0;
  if (path && !c->is_chunked && c->body_left == 0) answer_path(c, path + 1);
  eat(c, head);
  return 1;
}

static int take_fastcgi(Connection *c) {
  if (c->length < FCGI_HEAD) return 0;
  unsigned char *in = (unsigned char *)c->in;
  size_t content = in[4] << 8 | in[5], whole = FCGI_HEAD + content + in[6];
  if (c->length < whole) return 0;
  if (in[1] == FCGI_BEGIN) c->closes = !(in[FCGI_HEAD + 2] & 1);
  if (in[1] == FCGI_STDIN && content == 0) {
    char *own = own_bytes(c);
    memcpy(own, fastcgi.bytes, fastcgi.length);
    /* each of the three records carries the id of the request */
    for (size_t at = 0; at < fastcgi.length; at += FCGI_HEAD + ((unsigned char)own[at + 4] << 8 | (unsigned char)own[at + 5]))
      memcpy(own + at + 2, in + 2, 2);
    c->own.length = fastcgi.length;
    answer_with(c, &c->own);
  }
  eat(c, whole);
  return 1;
}

static void serve(Connection *c) {
  for (;;) {
    if (c->out && flush_answer(c) < 1) return;
    if (c->length == 0) return;
    if (c->is_fastcgi ? take_fastcgi(c) : take_http(c)) continue;
    if (c->length == READ_BYTES) drop(c);
    return;
  }
}

static void accept_all(const Listener *listener) {
  int fd, on = 1;
  while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *c = memory(sizeof *c);
    memset(c, 0, offsetof(Connection, in));
    c->fd = fd;
    c->is_fastcgi = listener->is_fastcgi;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

static int listen_somewhere(Listener *listener) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener->fd < 0 || bind(listener->fd, (void *)&address, size) || listen(listener->fd, 4096)) die("listen");
  getsockname(listener->fd, (void *)&address, &size);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener->fd, &event);
  return ntohs(address.sin_port);
}

int main(void) {
  Listener http = {0, 0}, cgi = {0, 1};
  signal(SIGPIPE, SIG_IGN);
  kilobyte = with_length(1024);
  large = with_length(64 * 1024);
  huge = with_length(10 * 1024 * 1024);
  chunked = in_one_chunk(1024);
  ok = with_length(2);
  fastcgi = as_fastcgi(1024);
  poller = epoll_create1(EPOLL_CLOEXEC);
  int http_port = listen_somewhere(&http), fastcgi_port = listen_somewhere(&cgi);
  printf("%d %d\n", http_port, fastcgi_port);
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(poller, events, EVENTS, -1);
    for (int at = 0; at < count; at++) {
      if (events[at].data.ptr == &http || events[at].data.ptr == &cgi) {
        accept_all(events[at].data.ptr);
        continue;
      }
      Connection *c = events[at].data.ptr;
      if (events[at].events & EPOLLOUT) {
        if (flush_answer(c) == 1) serve(c);
        continue;
      }
      ssize_t got = recv(c->fd, c->in + c->length, READ_BYTES - c->length, 0);
      if (got > 0) {
        c->length += got;
        serve(c);
      } else if (got == 0 || errno != EAGAIN) drop(c);
    }
  }
}
