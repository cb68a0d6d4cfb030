// Forms marked data-passkey ask the device for a passkey and send its answer. The options come with the page; bytes are
// base64url in both directions. Without this script the page says so, and offers a code where one will do.
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (sign) { return sign.charCodeAt(0); });
  }
  function words(buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function named(keys) {
    return (keys || []).map(function (key) { return Object.assign({}, key, { id: bytes(key.id) }); });
  }

  function ask(kind, options) {
    options.challenge = bytes(options.challenge);
    if (kind === "get") {
      options.allowCredentials = named(options.allowCredentials);
      return navigator.credentials.get({ publicKey: options });
    }
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }

  function told(made) {
    var response = { clientDataJSON: words(made.response.clientDataJSON) };
    ["attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (part) {
      if (made.response[part]) response[part] = words(made.response[part]);
    });
    return JSON.stringify({
      id: made.id,
      rawId: words(made.rawId),
      type: made.type,
      response: response,
      clientExtensionResults: made.getClientExtensionResults()
    });
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var trouble = document.querySelector("[data-trouble]");
    if (!window.PublicKeyCredential) {
      trouble.textContent = trouble.dataset.none;
      return;
    }
    trouble.hidden = true;
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      trouble.hidden = true;
      ask(form.dataset.passkey, JSON.parse(form.dataset.options).publicKey).then(
        function (made) {
          form.elements.answer.value = told(made);
          form.submit();
        },
        function () {
          trouble.textContent = trouble.dataset.stopped;
          trouble.hidden = false;
        }
      );
    });
  });
})();
