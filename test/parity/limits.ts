/** What a kind does otherwise, each a sentence of docs/parity.md. */
export const LIMITS = {
  "accel-shown": "A header that only another kind of server acts upon is shown to the client.",
  "behind-symlink": "A file that a backend hands over behind a symlink to a folder is a 404 and not 403.",
  "below-file": "What a backend hands over below a file is a 403 and not 404.",
  coding: "A transfer coding that the server does not know is a 501.",
  "cookie-domain": "nginx leaves an empty Domain, which clients pass over, and keeps the dot before a name.",
  connect: "CONNECT is a 501.",
  folded: "A field that goes on in a second line, which RFC 9112 lets a server take, is taken.",
  "no-file": "A path that names a file which is no script is 403 and not 404.",
  "no-length": "A part that is not there is refused without the length of the file.",
  normalised: "A path is passed on as the server has normalised it.",
  "own-502": "When nobody listens at the backends the answer is 503 and not 502.",
  retry: "A backend that closes without an answer is a 500 and not 502.",
  "accel-dots": "A path that leads out of its prefix is a 404 and not 502.",
  special: "A file that is none of the regular ones is a 404 and not 403.",
  symlink: "No symlink is followed to a file that a backend hands over, wherever it leads: that is a 403.",
  sendfile: "A file that may not be sent is a 403 and not 502.",
  "sent-plain": "A file that a backend hands over is not compressed on its way.",
  upgrade: "A WebSocket handshake to a CGI backend is passed on as a plain request.",
} as const;

export type LimitName = keyof typeof LIMITS;
