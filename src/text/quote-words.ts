/** Lists the words by which mail programs introduce a quoted or forwarded message, in the languages of most mail. */

/** The verb of a line such as `On 3 March 2026, Ann wrote:`. */
export const WROTE =
  /(?<!\p{L})(?:wrote|writes|schrieb|schreibt|geschrieben|écrit|escribi[óo]|scritto|scrisse|scrive|escreveu|schreef|geschreven|skrev|skrifaði|kirjoitti|kirjutas|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|írta|a scris|napisao|napisala|je napisal(?:\(a\)|a)?|rakst[īi]ja|raš[ėe]|написал(?:\(а\)|а)?|пишет|писал(?:\(а\)|а)?|написав(?:\(ла\))?|пише|написа|έγραψε|yazdı|yazdi|viết|menulis|tulis|sumulat|idatzi zuen|va escriure)(?!\p{L})|写道|寫道|書きました|のメール|작성|님이|เขียนว่า|כתב|كتب|نوشت/iu;

/** The word at the start of such a line, or a date. */
export const STARTS_ATTRIBUTION =
  /^(?:(?:on|am|le|el|il|em|no|op|den|på|d\.|dnia|w dniu|dne|dňa|pe|la|v|u|dana|dne|tarihinde|vào|pada|noong|kl|από|στις|в|у|на|בתאריך|في)\s|(?:\p{L}{2,9}[.,]{0,2}\s{1,2}){0,2}\d{1,4}(?:[\s./年년-]|(?:st|nd|rd|th)\b)|"?[^<>"]{1,60}"?\s?<[^<>\s]+@[^<>\s]+>)/iu;

/** Text of a line between dashes, such as `-----Original Message-----`. */
export const ORIGINAL =
  /original|ursprüngliche nachricht|urspr[uü]ngliche|message d['’]origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande|oprindelig|opprinnelig|alkuperäinen|wiadomość oryginalna|oryginalna wiadomość|původní|pôvodná|eredeti üzenet|mesaj original|исходное сообщение|первоначальное сообщение|оригинальное сообщение|αρχικό μήνυμα|özgün|orijinal|原始邮件|原始郵件|原邮件|元のメッセージ|원본 메시지|ข้อความต้นฉบับ|הודעה מקורית|الرسالة الأصلية/iu;

/** Text of a line above a forwarded message. */
export const FORWARDED =
  /forwarded|forward(?:ed)? message|weitergeleitet|transféré|transfere|réexpédié|reenviad|reencaminhad|encaminhad|inoltrat|doorgestuurd|vidarebefordra|videresend|edelleenlähet|välitetty|przekazan|przesłan|přeposlan|preposlan|továbbított|redirecționat|пересыла|пересланн|переслан|προωθ|iletilen|yönlendirilen|转发|轉寄|转发的邮件|転送|전달된|chuyển tiếp|diteruskan|הועבר|محولة/iu;

/** The line that Apple's programs write above a forwarded message. */
export const FORWARD_BEGINS =
  /^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado|inizio (?:del )?messaggio inoltrato|início da mensagem (?:en|reen)caminhada|begin doorgestuurd bericht|vidarebefordrat (?:brev|mejl|meddelande)|start på videresendt (?:besked|melding)|välitetty viesti alkaa|początek przekazywanej wiadomości|začátek přeposlané zprávy|начало переадресованного сообщения|开始转发的邮件|開始轉寄郵件|転送されたメッセージ|전달된 메시지)[:：]?$/iu;

/** Names of header fields that programs write above a quoted message. */
const FROM =
  'from|von|de|da|van|från|fra|lähettäjä|saatja|od|feladó|de la|от|від|от кого|από|kimden|gönderen|từ|dari|nuo|no|发件人|寄件者|差出人|送信元|送信者|보낸 사람|보낸사람|จาก|מאת|من';
const SUBJECT =
  'subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|teema|temat|předmět|predmet|tárgy|subiect|тема|относно|θέμα|konu|chủ đề|perihal|subjek|主题|主旨|件名|제목|เรื่อง|נושא|الموضوع';

const label = (names: string) => new RegExp(`^[*_ ]{0,3}(?:${names})[*_ ]{0,3}[:：]`, 'iu');

export const FROM_LABEL = label(FROM);
export const SUBJECT_LABEL = label(SUBJECT);
/** Any field of such a header. */
export const ANY_LABEL = /^[*_ ]{0,3}\p{L}[\p{L}\p{M} .’'()-]{0,30}[*_ ]{0,3}[:：]/u;

/** A line that a program adds below the text. */
export const SENT_WITH =
  /^(?:sent (?:from|with|via|using)|get outlook for|von meinem .{1,40} gesendet|gesendet (?:von|mit)|envoyé (?:de|depuis|à partir)|obtenir outlook|télécharger outlook|enviado (?:desde|do meu|do|a partir)|obtener outlook|inviato da|verzonden (?:vanaf|met|via)|skickat från|sendt fra|lähetetty|wysłane z|odesláno|odoslané|küldve|отправлено (?:с|из)|надіслано|发自|從我的|iPhoneから送信|나의 .{1,20}에서 보냄)/iu;
