// Posts the token that came with the QR code. A fragment is never sent by the browser itself.
"use strict";

const show = (id, visible) => {
  document.getElementById(id).hidden = !visible;
};

const say = (message, advice, canRetry) => {
  show("waiting", false);
  document.getElementById("problem-message").textContent = message;
  document.getElementById("problem-advice").textContent = advice;
  show("problem", true);
  show("again", canRetry);
  show("explain", false);
  show("typing", !canRetry);
};

async function join(token) {
  show("typing", false);
  show("problem", false);
  show("waiting", true);
  let answer;
  let content;
  try {
    answer = await fetch("/join", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ token }),
    });
    content = await answer.json();
  } catch {
    const offline = document.getElementById("problem").dataset;
    say(offline.offlineMessage, offline.offlineAdvice, true);
    return;
  }
  if (answer.ok) {
    location.replace(content.next);
  } else {
    say(content.error.message, content.error.advice, answer.status === 429);
  }
}

const token = location.hash.slice(1);
if (token) {
  // The token stays out of the address bar and the history.
  history.replaceState(null, "", location.pathname);
  document.getElementById("again").addEventListener("click", () => join(token));
  if (navigator.cookieEnabled) {
    join(token);
  } else {
    // It would take a seat, and the next page would not know who this is.
    const cookies = document.getElementById("problem").dataset;
    say(cookies.cookiesMessage, cookies.cookiesAdvice, false);
    show("typing", false);
  }
}
