// Adapts a page to its reader: shows times in their zone and offers it, shows the password on request, and says that the servers are asked. Without
// this script times are in UTC, and the rest is not there.
(() => {
  const box = document.getElementById('time_zone');
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const isZoneKnown = timeZone && timeZone !== 'Etc/Unknown';
  if (box && isZoneKnown) {
    box.value = timeZone;
    box.disabled = false;
    document.getElementById('time-zone-name').textContent = timeZone;
    box.parentElement.hidden = false;
  }

  for (const button of document.querySelectorAll('button[data-shows]')) {
    const field = document.getElementById(button.dataset.shows);
    button.hidden = false;
    button.addEventListener('click', () => {
      const isShown = field.type === 'text';
      field.type = isShown ? 'password' : 'text';
      button.setAttribute('aria-pressed', String(!isShown));
    });
  }

  const status = document.getElementById('progress');
  status?.closest('form').addEventListener('submit', ({ submitter }) => {
    // A browser offers to remember a password only in a field of its type.
    for (const { dataset } of document.querySelectorAll('[aria-pressed="true"]')) {
      document.getElementById(dataset.shows).type = 'password';
    }
    if (!submitter?.formNoValidate) status.textContent = status.dataset.text;
  });
  // Also after a step back, when the browser shows the page as it was left.
  addEventListener('pageshow', () => {
    if (status) status.textContent = '';
  });

  // The same words as the server's, without “UTC”.
  const { lang } = document.documentElement;
  const format = (time, options) => new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, options).format(time);
  for (const shown of isZoneKnown ? document.querySelectorAll('[data-parts]') : []) {
    const { parts, words = shown.textContent, time = shown.dateTime } = shown.dataset;
    const own = JSON.parse(parts).map((options) => format(new Date(time), options));
    shown.textContent = shown.textContent.replace(words, () => own.join(', '));
  }
})();
