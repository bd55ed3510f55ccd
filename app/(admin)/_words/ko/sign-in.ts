import type { SignInWords } from "../en/sign-in.ts";

/** 로그인 페이지의 문구. */
export const signIn: SignInWords = {
  title: "로그인",
  link: "이 설치의 대시보드를 엽니다. 이 링크는 한 번만 쓸 수 있습니다.",
  login: "이메일 주소 또는 이름",
  password: "비밀번호",
  code: "앱의 인증 코드(계정에 있는 경우)",
  submit: "로그인",
  provider: "{name}(으)로 로그인",
  noAccess: "비밀번호가 없거나 잠겼나요? Nines가 실행되는 컴퓨터에서 다음을 실행하세요:",
  setUpTitle: "Nines 설정",
  setUp: "처음 오셨습니다. 이 계정은 모든 권한을 가집니다. 비밀번호는 12자 이상이어야 합니다.",
  yourName: "이름",
  setUpSubmit: "계정 만들기",
  withoutAccount: "지금은 비밀번호 없이 로그인",
  page: "상태 페이지 보기",
  problems: {
    link: "이 링크는 이미 사용되었거나, 너무 오래되었거나, 완전하지 않습니다.",
    credentials: "이름, 비밀번호 또는 코드가 올바르지 않습니다.",
    limit: "시도가 너무 많습니다. 15분 뒤에 다시 시도하거나 링크를 사용하세요.",
    oidc: "인증 제공자에서 로그인하지 못했습니다. 다시 시도하세요.",
    refused: "인증 제공자가 확인했지만 여기에는 로그인할 수 없습니다.",
    setup: "공백 없는 이름과, 아무도 추측하지 못할 12자 이상의 비밀번호를 쓰세요.",
  },
};
