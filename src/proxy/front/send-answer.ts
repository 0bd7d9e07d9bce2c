import { wholeText, type Answer } from "../answers/answer.js";
import { sendPrefixed, sendText } from "../transport.js";
import type { Client } from "./client.js";

/** Sends an answer of the proxy's own, in one write where that is possible. */
export function sendAnswer(client: Client, answer: Answer): void {
  const { keeps, notes, request, socket } = client;
  const { dateLine } = client.context.clock;
  const isPlain = keeps && request?.version === 11 && request.method !== "HEAD" && notes.passLine === "";
  const whole = isPlain ? wholeText(answer, dateLine) : null;
  if (whole !== null) {
    sendText(socket, whole);
    return;
  }
  const head = answer.head + dateLine + client.lastLines();
  if (request?.method === "HEAD" || answer.body.length === 0) sendText(socket, head);
  else if (typeof answer.body === "string") sendText(socket, head + answer.body);
  else sendPrefixed(socket, head, answer.body);
}
