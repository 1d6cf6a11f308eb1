// Links to Alertmanager's page have their path behind the #, which browsers keep to
// themselves: /#/alerts?receiver=, /#/silences, /#/silences/new?filter=,
// /#/silences/ID, /#/silences/ID/edit. This goes on to the page that stands for it.
"use strict";

function follow() {
  const [, path, query] = /^#\/?([^?]*)\??(.*)$/s.exec(location.hash) || [];
  let to;
  if (path === "alerts" && query) {
    to = "./";
  } else if (/^silences(\/new|\/[0-9A-Za-z-]+(\/edit)?)?$/.test(path)) {
    to = "./" + path;
  } else {
    return;
  }
  // Over there a plus in a filter is a plus, which regular expressions are full of. In
  // the name of a receiver it is a space, as notifications write it.
  const params = query
    .split("&")
    .filter((p) => p !== "")
    .map((p) => p.replace(p.startsWith("receiver=") ? /[;#]/g : /[;#+]/g, encodeURIComponent));
  location.replace(to + (params.length > 0 ? "?" + params.join("&") : ""));
}

addEventListener("hashchange", follow);
follow();
