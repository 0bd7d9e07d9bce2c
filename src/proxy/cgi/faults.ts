import type { Cause } from "../answers/failures.js";

/** What can be wrong with the answer of a backend that speaks FastCGI, SCGI or uwsgi, and with a request for one. */
const FAULTS = {
  "record-version": [502, "a record is not of FastCGI version 1"],
  "record-type": [502, "a record of a type that no application sends"],
  "record-request": [502, "a record is of another request"],
  "record-after-end": [502, "output after the record that ends it"],
  "record-length": [502, "the record that ends a request has not eight bytes"],
  "records-idle": [502, "too many records without content"],
  "stderr-too-long": [502, "the application writes errors without end"],
  "request-refused": [502, "the application refused the request"],
  overloaded: [503, "the application says that it is overloaded"],
  "answer-missing": [502, "the application ended the request without an answer"],
  "head-unfinished": [502, "the answer ended before the empty line that ends its head"],
  "body-short": [502, "the body is shorter than its Content-Length"],
  "head-too-large": [502, "the head of the answer is too large"],
  "too-many-fields": [502, "the head of the answer has too many fields"],
  "field-name": [502, "a field name of the answer is not a token directly before its colon"],
  "field-value": [502, "a field value of the answer has a control character"],
  "field-folded": [502, "a field of the answer is continued on a second line"],
  "connection-field": [502, "Connection of the answer is not a list of tokens"],
  "status-line": [502, "the status line of the answer is malformed"],
  "status-field": [502, "Status is not one number from 200 to 599"],
  "length-field": [502, "Content-Length of the answer is not 1 to 15 digits, once"],
  "coding-field": [502, "the answer has a Transfer-Encoding, which such a backend may not send"],
  "cgi-field-missing": [502, "the answer has neither Status nor Content-Type nor Location"],
  "script-missing": [404, "no script is there by this path"],
  "path-control": [400, "the path has a control character"],
  "variables-too-large": [431, "the request has more than the backend's protocol can carry"],
  "upgrade-impossible": [501, "the backend's protocol has no way to switch to another"],
  "spool-too-large": [413, "a body of unknown length is larger than the limit"],
  "spool-full": [503, "too many bodies of unknown length wait at once"],
} as const satisfies Record<string, readonly [number, string]>;

export type CgiFault = keyof typeof FAULTS;

export function faultCause(fault: CgiFault): Cause {
  const [status, text] = FAULTS[fault];
  return { status, reason: fault, text };
}
