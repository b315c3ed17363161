// Posts the token of the address, which is never sent by the browser itself, and goes on.
"use strict";

const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", "/projector/open");
  fetch("/projector/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  }).then((answer) => {
    if (answer.ok) {
      location.replace("/projector");
    }
  });
}
