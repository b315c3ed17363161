// Looks again after the seconds that the page names. Without scripts, the page does so itself.
"use strict";

setTimeout(() => location.reload(), Number(document.body.dataset.again) * 1000);
