"""What a person answers by SMS, understood in their language; and the sentences that ask for it. Pure.

Only an answer that says one thing is understood: the whole text, polite words apart. "Oui mais pas à 9 h" is not.
The sentences in other languages than French are to be reviewed by a translator.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from convocations.kinds import MessageKind
from convocations.wording import FRENCH, SPELLED_PLAINLY, moment, spelled_for_sms

ASKING = (MessageKind.CONFIRMATION, MessageKind.REMINDER, MessageKind.CHANGE)


class Answer(StrEnum):
    """What is understood."""

    YES = "yes"
    NO = "no"
    FIRST = "first"
    SECOND = "second"
    STOP = "stop"
    START = "start"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One language: the words of its answers, separated by commas, and what asks for them or says what is wrong."""

    yes: str
    no: str
    stop: str = ""
    start: str = ""
    presence: str
    earlier: str
    choice: str  # {first}, {second}
    several: str
    unclear: str
    nothing: str


# Heard in every language. Source: Twilio, "Support for opt-out keywords"; French operators: STOP.
ALWAYS = {
    Answer.STOP: "stop, stopall, stop sms, arret, arreter, arretez, unsubscribe, cancel, end, quit, revoke, optout",
    Answer.START: "start, unstop, reprendre, reprise, recommencer",
    Answer.FIRST: "1, 1er, premier, premiere, un, one",
    Answer.SECOND: "2, 2e, 2eme, deuxieme, second, seconde, deux, two",
    Answer.YES: "👍, ✅, 👌",
}
POLITE = (
    "merci, bonjour, bonsoir, svp, sil vous plait, madame, monsieur, cordialement, bien, le, la, date, choix, numero, "
    "n, option, ok, please, thanks, thank you, hello, gracias, obrigado, obrigada, multumesc, spasibo, спасибо, дякую, "
    "tesekkurler, شكرا, 谢谢, faleminderit, მადლობა"
)
ASKINGS = {
    "fr": Asking(
        yes="oui, ouais, je viens, je serai la, present, presente, je confirme, confirme, daccord",
        no="non, je ne peux pas venir, je ne viens pas, je ne viendrai pas, je peux pas venir, absent, absente",
        presence="Répondez OUI pour confirmer, NON si vous ne pouvez pas venir.",
        earlier="Répondez OUI pour la prendre, NON pour garder votre rendez-vous.",
        choice="Répondez 1 pour {first}, 2 pour {second}.",
        several="Vous avez plusieurs rendez-vous : ouvrez le lien de chaque SMS.",
        unclear="Nous n’avons pas compris votre réponse : ouvrez le lien du SMS.",
        nothing="Aucun rendez-vous n’attend de réponse de ce numéro.",
    ),
    "en": Asking(
        yes="yes, yeah, yep, y, i confirm, confirm, i will come, i am coming",
        no="no, nope, i cannot come, i cant come, i can not come",
        presence="Reply YES to confirm, NO if you cannot come.",
        earlier="Reply YES to take it, NO to keep yours.",
        choice="Reply 1 for {first}, 2 for {second}.",
        several="You have several appointments: open the link in each SMS.",
        unclear="We did not understand your answer: open the link in the SMS.",
        nothing="No appointment is waiting for an answer from this number.",
    ),
    "es": Asking(
        yes="si, confirmo, vale, claro",
        no="no, no puedo ir, no puedo venir",
        stop="parar, alto, baja",
        start="inicio, empezar, alta",
        presence="Responda SI para confirmar, NO si no puede venir.",
        earlier="Responda SI para tomarla, NO para conservar la suya.",
        choice="Responda 1 para {first}, 2 para {second}.",
        several="Tiene varias citas: abra el enlace de cada SMS.",
        unclear="No hemos entendido su respuesta: abra el enlace del SMS.",
        nothing="Ninguna cita espera respuesta de este número.",
    ),
    "pt": Asking(
        yes="sim, confirmo",
        no="nao, nao posso ir, nao posso vir",
        stop="parar",
        start="iniciar, retomar",
        presence="Responda SIM para confirmar, NÃO se não puder vir.",
        earlier="Responda SIM para a aceitar, NÃO para manter a sua.",
        choice="Responda 1 para {first}, 2 para {second}.",
        several="Tem várias marcações: abra a ligação de cada SMS.",
        unclear="Não compreendemos a sua resposta: abra a ligação do SMS.",
        nothing="Nenhuma marcação espera resposta deste número.",
    ),
    "ro": Asking(
        yes="da, confirm",
        no="nu, nu pot veni",
        stop="opreste",
        start="porneste",
        presence="Răspundeți DA pentru a confirma, NU dacă nu puteți veni.",
        earlier="Răspundeți DA pentru a o lua, NU pentru a o păstra pe a dvs.",
        choice="Răspundeți 1 pentru {first}, 2 pentru {second}.",
        several="Aveți mai multe programări: deschideți linkul din fiecare SMS.",
        unclear="Nu am înțeles răspunsul: deschideți linkul din SMS.",
        nothing="Nicio programare nu așteaptă răspuns de la acest număr.",
    ),
    "ru": Asking(
        yes="да, приду, подтверждаю, da",
        no="нет, не могу, не могу прийти, не приду, net, niet",
        stop="стоп",
        start="старт",
        presence="Ответьте ДА, чтобы подтвердить, НЕТ, если не можете прийти.",
        earlier="Ответьте ДА, чтобы выбрать его, НЕТ, чтобы оставить своё.",
        choice="Ответьте 1: {first}, 2: {second}.",
        several="У вас несколько встреч: откройте ссылку в каждом SMS.",
        unclear="Мы не поняли ваш ответ: откройте ссылку в SMS.",
        nothing="Ни одна встреча не ждёт ответа с этого номера.",
    ),
    "uk": Asking(
        yes="так, прийду, підтверджую, tak",
        no="ні, не можу, не можу прийти, не прийду, ni",
        stop="стоп",
        start="старт",
        presence="Відповідайте ТАК, щоб підтвердити, НІ, якщо не можете прийти.",
        earlier="Відповідайте ТАК, щоб вибрати його, НІ, щоб залишити свій.",
        choice="Відповідайте 1: {first}, 2: {second}.",
        several="У вас кілька зустрічей: відкрийте посилання в кожному SMS.",
        unclear="Ми не зрозуміли вашу відповідь: відкрийте посилання в SMS.",
        nothing="Жодна зустріч не чекає відповіді з цього номера.",
    ),
    "tr": Asking(
        yes="evet, tamam, onayliyorum, geliyorum",
        no="hayir, gelemem, gelemiyorum, yok",
        stop="dur, iptal",
        start="basla, baslat",
        presence="Onaylamak için EVET, gelemeyecekseniz HAYIR yazın.",
        earlier="Almak için EVET, kendinizinkini korumak için HAYIR yazın.",
        choice="{first} için 1, {second} için 2 yazın.",
        several="Birden fazla randevunuz var: her SMS’teki bağlantıyı açın.",
        unclear="Cevabınızı anlamadık: SMS’teki bağlantıyı açın.",
        nothing="Bu numaradan cevap bekleyen randevu yok.",
    ),
    "zh": Asking(
        yes="是, 是的, 好, 好的, 确认, 可以, 来, shi",
        no="否, 不, 不是, 不能来, 不来, 不行, bu",
        stop="停止, 退订, 取消订阅",
        start="开始, 恢复",
        presence="确认请回复“是”，不能来请回复“否”。",
        earlier="选择该日期请回复“是”，保留原预约请回复“否”。",
        choice="{first} 请回复 1，{second} 请回复 2。",
        several="您有多个预约：请打开每条短信中的链接。",
        unclear="我们没有理解您的回复：请打开短信中的链接。",
        nothing="没有预约在等待此号码的回复。",
    ),
    "ar": Asking(
        yes="نعم, اي, ايوه, أجل, موافق, naam",
        no="لا, كلا, لا استطيع, لا أستطيع الحضور",
        stop="توقف, قف, إيقاف",
        start="ابدأ, استئناف",
        presence="أجب بـ نعم للتأكيد، أو لا إذا لم تستطع الحضور.",
        earlier="أجب بـ نعم لأخذه، أو لا للاحتفاظ بموعدكم.",
        choice="أجب بـ 1 لـ {first}، أو 2 لـ {second}.",
        several="لديك عدة مواعيد: افتح الرابط في كل رسالة.",
        unclear="لم نفهم إجابتك: افتح الرابط في الرسالة.",
        nothing="لا يوجد موعد ينتظر إجابة من هذا الرقم.",
    ),
    "sq": Asking(
        yes="po, konfirmoj",
        no="jo, nuk mundem, nuk mund te vij",
        stop="ndal",
        start="fillo",
        presence="Përgjigjuni PO për të konfirmuar, JO nëse nuk mund të vini.",
        earlier="Përgjigjuni PO për ta marrë, JO për të mbajtur tuajën.",
        choice="Përgjigjuni 1 për {first}, 2 për {second}.",
        several="Keni disa takime: hapni lidhjen e çdo SMS.",
        unclear="Nuk e kuptuam përgjigjen tuaj: hapni lidhjen e SMS.",
        nothing="Asnjë takim nuk pret përgjigje nga ky numër.",
    ),
    "ka": Asking(
        yes="კი, დიახ, ki, diakh",
        no="არა, ვერ მოვალ, ara",
        stop="სტოპ, შეწყვეტა",
        start="სტარტ, დაწყება",
        presence="დასადასტურებლად უპასუხეთ კი, თუ ვერ მოხვალთ: არა.",
        earlier="მისაღებად უპასუხეთ კი, თქვენი დროის დასატოვებლად: არა.",
        choice="უპასუხეთ 1: {first}, 2: {second}.",
        several="თქვენ გაქვთ რამდენიმე შეხვედრა: გახსენით თითოეული SMS-ის ბმული.",
        unclear="ვერ გავიგეთ თქვენი პასუხი: გახსენით SMS-ის ბმული.",
        nothing="ამ ნომრიდან პასუხს არცერთი შეხვედრა არ ელოდება.",
    ),
    "bn": Asking(
        yes="হ্যাঁ, হা, জি, ha",
        no="না, আসতে পারব না, na",
        stop="বন্ধ",
        start="শুরু",
        presence="নিশ্চিত করতে হ্যাঁ, আসতে না পারলে না লিখে উত্তর দিন।",
        earlier="নিতে হ্যাঁ, আপনারটি রাখতে না লিখে উত্তর দিন।",
        choice="{first} এর জন্য 1, {second} এর জন্য 2 লিখুন।",
        several="আপনার কয়েকটি অ্যাপয়েন্টমেন্ট আছে: প্রতিটি SMS-এর লিঙ্ক খুলুন।",
        unclear="আমরা আপনার উত্তর বুঝতে পারিনি: SMS-এর লিঙ্ক খুলুন।",
        nothing="এই নম্বর থেকে কোনো অ্যাপয়েন্টমেন্টের উত্তর বাকি নেই।",
    ),
    "ln": Asking(
        yes="iyo, ee, nandimi, nakoya",
        no="te, nakoya te, nakoki te",
        stop="tika",
        start="banda",
        presence="Yanola IYO mpo na kondima, TE soki okoki koya te.",
        earlier="Yanola IYO mpo na kozwa yango, TE mpo na kobatela oyo ya yo.",
        choice="Yanola 1 mpo na {first}, 2 mpo na {second}.",
        several="Ozali na bokutani mingi: fungola lien ya SMS moko moko.",
        unclear="Toyoki eyano na yo te: fungola lien ya SMS.",
        nothing="Bokutani moko te ezali kozela eyano ya nimero oyo.",
    ),
}


def asked(kind: MessageKind, language: str, offered: Sequence[datetime], zone: ZoneInfo) -> str:
    """Return what is added to a message that can be answered: a space and a sentence, or nothing."""
    if kind in ASKING:
        return _sms(f" {ASKINGS[language].presence}", language)
    if kind is MessageKind.EARLIER:
        return _sms(f" {ASKINGS[language].earlier}", language)
    if kind is MessageKind.OFFER and len(offered) == 2:
        first, second = (moment(at, zone, language) for at in offered)
        return _sms(" " + ASKINGS[language].choice.format(first=first, second=second), language)
    return ""


def understood(body: str, languages: Sequence[str]) -> Answer:
    """Return what an answer says, as somebody of these languages says it, the first one first; then in French, English.

    Case, accents, punctuation, emoji and polite words do not count.
    """
    text = _bare(body)
    for language in (*languages, FRENCH, "en"):
        words = _words(language)
        for said in (text, _without_politeness(text)):
            if said in words:
                return words[said]
    return Answer.UNCLEAR


@lru_cache(maxsize=len(ASKINGS))
def _words(language: str) -> dict[str, Answer]:
    asking = ASKINGS.get(language, ASKINGS[FRENCH])
    own = {Answer.YES: asking.yes, Answer.NO: asking.no, Answer.STOP: asking.stop, Answer.START: asking.start}
    found: dict[str, Answer] = {}
    for listed in (own, ALWAYS):
        for answer, words in listed.items():
            for word in words.split(", "):
                if bare := _bare(word):
                    found.setdefault(bare, answer)
    return found


def _without_politeness(text: str) -> str:
    for polite in _polite():
        text = f" {text} ".replace(f" {polite} ", " ").strip()
    return text


@lru_cache(maxsize=1)
def _polite() -> tuple[str, ...]:
    return tuple(sorted((_bare(word) for word in POLITE.split(", ")), key=len, reverse=True))


THUMBS = "👍✅👌"


def _bare(text: str) -> str:
    """Return letters and figures only, without accents, in lower case; a lone thumb is kept as it is."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i").replace("’", "'").replace("'", ""))
    letters = (_letter(one) for one in folded if not unicodedata.combining(one))
    bare = " ".join("".join(letters).split())
    return bare or next((one for one in THUMBS if one in text), "")


def _letter(letter: str) -> str:
    if letter.isdecimal():
        return str(unicodedata.digit(letter))
    if unicodedata.category(letter)[0] in "LM" and not "\ufe00" <= letter <= "\ufe0f":
        return letter
    return " "


def _sms(text: str, language: str) -> str:
    return spelled_for_sms(text) if language in SPELLED_PLAINLY else text
