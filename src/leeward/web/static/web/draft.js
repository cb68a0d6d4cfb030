// Forms marked data-draft keep what is typed on the server, two seconds after the last key. Nothing is kept in the
// browser. While the line is down the text stays in the page, and the form says so. Every form is sent only once.
(function () {
  "use strict";
  var timers = new WeakMap();

  function say(form, key) {
    var line = form.querySelector("[data-draft-status]");
    if (!line) return;
    line.textContent = line.dataset[key] || "";
    line.classList.toggle("lost", key !== "kept");
  }

  function later(form, wait) {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(function () { keep(form); }, wait));
  }

  function keep(form) {
    var body = new FormData(form);
    body.set("stands_on", window.location.pathname);
    fetch(document.getElementById("main").dataset.draftTo, { method: "POST", body: body, redirect: "manual" }).then(
      function (answer) {
        if (answer.status === 204) {
          document.dispatchEvent(new Event("leeward:kept"));
          return say(form, "kept");
        }
        if (answer.status === 401) return say(form, "out");
        say(form, "lost");
        if (answer.status >= 500) later(form, 10000);
      },
      function () { say(form, "lost"); later(form, 10000); }
    );
  }

  document.addEventListener("input", function (event) {
    var form = event.target.form;
    if (form && form.hasAttribute("data-draft")) later(form, 2000);
  });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (!navigator.onLine && form.hasAttribute("data-draft")) {
      event.preventDefault();
      return say(form, "lost");
    }
    clearTimeout(timers.get(form));
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(function () { delete form.dataset.sent; }, 5000);
  });
})();
