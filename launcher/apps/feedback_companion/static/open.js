import { ask, find } from "./classroom/base.js";

const fail = () => {
  find("#title").hidden = true;
  find("#failed").hidden = false;
};
const token = location.hash.slice(1);
// The token leaves the address bar before anything else happens.
history.replaceState(null, "", "open");
if (!token) fail();
else ask("session", { token }).then(() => location.replace("./"), fail);
