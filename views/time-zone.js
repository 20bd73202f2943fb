// Offers the time zone of the browser. Without this script the box stays hidden, and no time zone is sent.
(() => {
  const box = document.getElementById('time_zone');
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (!box || !timeZone || timeZone === 'Etc/Unknown') return;
  box.value = timeZone;
  box.disabled = false;
  document.getElementById('time-zone-name').textContent = timeZone;
  box.parentElement.hidden = false;
})();
